// ReadSnapshotIndex, on a state.binpb of any bytes, and of any behind a right seal.

#include <map>
#include <string>

#include "base/files.h"
#include "base/safetensors.h"
#include "base/seal.h"
#include "state/snapshot_index.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/memory_file_system.h"

namespace baton {
namespace {

constexpr char kFolder[] = "/run/train/key/step-000000000008";

void TestBytes(absl::string_view bytes) {
  MemoryFileSystem fs;
  const std::string file = JoinPath(kFolder, kSnapshotIndexFile);
  fs.Add(file, bytes);
  const absl::StatusOr<SnapshotIndex> index = ReadSnapshotIndex(fs, kFolder);
  if (!index.ok()) return RequireGoodError(index.status(), file);
  NoteAccepted();
  // What is opened lies in the folder, and what is reserved for tensors is not more than their file has.
  for (const FileRecord& record : index->files()) {
    Require(BaseName(record.name()) == record.name() && record.name() != "..", "a file is in the folder");
    Require(FindFile(*index, record.name()) == &record, "a file is found by its name");
  }
  std::map<std::string, uint64_t> bytes_in;
  for (const GroupRecord& group : index->groups()) {
    for (const TensorRecord& tensor : group.tensors()) {
      const auto size = TensorByteSize(DType::kF32, {tensor.shape().begin(), tensor.shape().end()});
      Require(size.ok(), "a shape has a size");
      bytes_in[GroupFile(group.name())] += *size;
    }
  }
  for (const auto& [name, bytes] : bytes_in) {
    const FileRecord* const record = FindFile(*index, name);
    Require(record != nullptr && bytes <= record->size_bytes(), "tensors fit into their file");
  }
  Require(FindGroup(*index, WeightsGroup(*index, WeightsOf::kModelInUse)) != nullptr, "there are weights");
  const absl::StatusOr<History> history = ReadHistory(fs, kFolder, *index);
  if (history.ok()) {
    Require(history->size() == index->history_size(), "a history without files is all in the index");
  } else {
    RequireGoodError(history.status(), kFolder);
  }
  SnapshotIndex copy = *index;
  const std::string sealed = Seal(copy);
  fs.Add(file, sealed);
  absl::StatusOr<SnapshotIndex> again = ReadSnapshotIndex(fs, kFolder);
  Require(again.ok() && Seal(*again) == sealed, "the same index is read again, and gives the same bytes");
}

}  // namespace

std::vector<std::string> Seeds() {
  SnapshotIndex index;
  index.set_format_version(kSnapshotFormatVersion);
  TrainingProgress& progress = *index.mutable_progress();
  progress.set_step_index(8);
  (*index.add_history()->mutable_validation_metrics())["accuracy"] = 0.5;
  progress.mutable_best()->set_validation_loss(0.25);
  progress.set_train_key("0123456789abcdef");
  progress.mutable_plateau();
  index.mutable_environment()->set_device("cpu");
  for (const char* const name : {"model.safetensors", "average.safetensors", "criterion.safetensors",
                                 "optimizer.safetensors", "history-000000000000.binpb", kSnapshotVocabularyFile}) {
    FileRecord& file = *index.add_files();
    file.set_name(name);
    file.set_size_bytes(1000);
    file.set_xxh3(std::string(32, 'f'));
  }
  for (const char* const name : {"model", "average", "optimizer/exp_avg", "criterion"}) {
    GroupRecord& group = *index.add_groups();
    group.set_name(name);
    for (const char* const tensor_name : {"layers.0.weight", "layers.0.bias"}) {
      TensorRecord& tensor = *group.add_tensors();
      tensor.set_name(tensor_name);
      tensor.add_shape(3);
      tensor.set_xxh3(std::string(32, '0'));
    }
  }
  return {SerializeMessage(index)};
}

void TestInput(absl::string_view input) {
  TestBytes(input);
  TestBytes(SealBytes(input));
}

}  // namespace baton

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  baton::SnapshotIndex index;
  return baton::MutateMessage(index, data, size, max_size, seed);
}
