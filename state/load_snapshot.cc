#include <exception>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/status_macros.h"
#include "state/snapshot.h"
#include "state/snapshot_index.h"
#include "state/snapshot_reader.h"

namespace baton {
namespace {

State WithoutTensors(const SnapshotIndex& index) {
  State state;
  state.progress = index.progress();
  state.environment = index.environment();
  return state;
}

absl::Status ReadNamedBytes(const SnapshotReader& reader, const std::function<void(uint64_t)>& on_bytes, State& state) {
  for (const FileRecord& record : reader.index().files()) {
    if (IsSnapshotTensorFile(record.name())) continue;
    std::string& bytes = record.name() == kSnapshotVocabularyFile  ? state.vocabulary
                         : record.name() == kSnapshotTokenizerFile ? state.tokenizer
                                                                   : state.attachments[record.name()];
    ASSIGN_OR_RETURN(bytes, reader.ReadBytes(record));
    if (on_bytes) on_bytes(bytes.size());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<State> LoadSnapshot(FileSystem& fs, const std::string& path, at::Device device,
                                   const std::function<void(uint64_t)>& on_bytes) try {
  ASSIGN_OR_RETURN(SnapshotReader reader, SnapshotReader::Open(fs, path));
  const SnapshotIndex& index = reader.index();
  State state = WithoutTensors(index);
  ASSIGN_OR_RETURN(std::vector<FlatTensors> model, reader.WantParameters(kSnapshotModelFile, {""}));
  state.model = std::move(model[0]);
  if (FindFile(index, kSnapshotEmaFile) != nullptr) {
    ASSIGN_OR_RETURN(std::vector<FlatTensors> ema, reader.WantParameters(kSnapshotEmaFile, {""}));
    state.ema = std::move(ema[0]);
  }
  std::vector<std::string> prefixes;
  for (const std::string& slot : index.optimizer_slots()) prefixes.push_back(absl::StrCat(slot, "/"));
  ASSIGN_OR_RETURN(std::vector<FlatTensors> moments, reader.WantParameters(kSnapshotOptimizerFile, prefixes));
  for (int i = 0; i < index.optimizer_slots_size(); ++i) {
    state.optimizer.emplace_back(index.optimizer_slots(i), std::move(moments[i]));
  }
  ASSIGN_OR_RETURN(state.criterion, reader.WantAll(kSnapshotCriterionFile));
  RETURN_IF_ERROR(reader.ReadTensors(on_bytes));
  RETURN_IF_ERROR(ReadNamedBytes(reader, on_bytes, state));
  return device.is_cpu() ? state : state.CopyTo(device);
} catch (const std::exception& exception) {
  return StatusFromException(exception);
}

absl::StatusOr<State> LoadForInference(FileSystem& fs, const std::string& path, at::Device device) try {
  ASSIGN_OR_RETURN(SnapshotReader reader, SnapshotReader::Open(fs, path));
  State state = WithoutTensors(reader.index());
  ASSIGN_OR_RETURN(std::vector<FlatTensors> weights,
                   reader.WantParameters(WeightsFile(reader.index(), WeightsOf::kModelInUse), {""}));
  state.model = std::move(weights[0]);
  RETURN_IF_ERROR(reader.ReadTensors());
  RETURN_IF_ERROR(ReadNamedBytes(reader, /*on_bytes=*/nullptr, state));
  return device.is_cpu() ? state : state.CopyTo(device);
} catch (const std::exception& exception) {
  return StatusFromException(exception);
}

}  // namespace baton
