#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/safetensors.h"
#include "base/status_macros.h"
#include "state/snapshot.h"
#include "state/snapshot_index.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/empty.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

absl::Status Damaged(absl::string_view path, absl::string_view file, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("snapshot ", path, ": ", file, " ", what));
}

at::ScalarType ScalarTypeOf(DType dtype) {
  return dtype == DType::kF64 ? at::kDouble : dtype == DType::kI64 ? at::kLong : at::kFloat;
}

// Reads one safetensors file whole, each tensor to where `places` says. The names in the file must be those of
// `places`, and the digests those of the index.
struct Place {
  DType dtype;
  std::vector<int64_t> shape;
  void* address;
};
absl::Status ReadTensors(FileSystem& fs, const std::string& path, const std::string& file, const SnapshotIndex& index,
                         const std::map<std::string, Place>& places) {
  ASSIGN_OR_RETURN(const auto reader, SafetensorsReader::Open(fs, JoinPath(path, file)));
  for (const TensorEntry& entry : reader->tensors()) {
    const auto place = places.find(entry.name);
    if (place == places.end()) return Damaged(path, file, absl::StrCat("holds an unknown tensor '", entry.name, "'"));
    if (entry.dtype != place->second.dtype || entry.shape != place->second.shape) {
      return Damaged(path, file,
                     absl::StrCat("has tensor '", entry.name, "' as ", DTypeName(entry.dtype), " [",
                                  absl::StrJoin(entry.shape, ", "), "], expected ", DTypeName(place->second.dtype),
                                  " [", absl::StrJoin(place->second.shape, ", "), "]"));
    }
  }
  if (reader->tensors().size() != places.size()) {
    return Damaged(path, file, absl::StrCat("holds ", reader->tensors().size(), " tensors, expected ", places.size()));
  }
  ASSIGN_OR_RETURN(const SafetensorsDigests digests,
                   reader->ReadAll([&places](const TensorEntry& entry) { return places.at(entry.name).address; }));
  std::map<std::string, std::string> recorded;
  for (const TensorRecord& record : index.tensors()) {
    if (record.file() == file) recorded[record.name()] = record.xxh3();
  }
  for (const TensorDigest& tensor : digests.tensors) {
    if (recorded[tensor.name] != tensor.xxh3) {
      return Damaged(path, file,
                     absl::StrCat("is damaged: the bytes of tensor '", tensor.name, "' do not match their digest"));
    }
  }
  for (const FileRecord& record : index.files()) {
    if (record.name() != file) continue;
    if (record.size_bytes() == digests.size_bytes && record.xxh3() == digests.xxh3) return absl::OkStatus();
    return Damaged(path, file, "is damaged: its header does not match its digest");
  }
  return Damaged(path, file, "is not listed in state.binpb");
}

absl::Status ReadBytes(FileSystem& fs, const std::string& path, const FileRecord& record, std::string& bytes) {
  ASSIGN_OR_RETURN(bytes, ReadFile(fs, JoinPath(path, record.name())));
  if (bytes.size() != record.size_bytes() || Xxh3Hex(bytes) != record.xxh3()) {
    return Damaged(path, record.name(), "is damaged: its bytes do not match their digest");
  }
  return absl::OkStatus();
}

void AddPlaces(const FlatTensors& tensors, absl::string_view prefix, std::map<std::string, Place>& places) {
  for (size_t i = 0; i < tensors.views().size(); ++i) {
    const FlatLayout::Entry& entry = tensors.layout().entries[i];
    places[absl::StrCat(prefix, entry.name)] = {DType::kF32, entry.shape, tensors.views()[i].mutable_data_ptr()};
  }
}

absl::Status ReadCriterion(FileSystem& fs, const std::string& path, const SnapshotIndex& index, State& state) {
  ASSIGN_OR_RETURN(const auto reader, SafetensorsReader::Open(fs, JoinPath(path, kSnapshotCriterionFile)));
  std::map<std::string, Place> places;
  for (const TensorEntry& entry : reader->tensors()) {
    const at::Tensor tensor = at::empty(entry.shape, at::TensorOptions().dtype(ScalarTypeOf(entry.dtype)));
    state.criterion.emplace_back(entry.name, tensor);
    places[entry.name] = {entry.dtype, entry.shape, tensor.mutable_data_ptr()};
  }
  return ReadTensors(fs, path, kSnapshotCriterionFile, index, places);
}

}  // namespace

absl::StatusOr<State> LoadSnapshot(FileSystem& fs, const std::string& path, at::Device device) {
  ASSIGN_OR_RETURN(const SnapshotIndex index, ReadSnapshotIndex(fs, path));
  std::vector<ParameterSpec> parameters;
  for (const ParameterRecord& record : index.parameters()) {
    parameters.push_back({.name = record.name(),
                          .shape = {record.shape().begin(), record.shape().end()},
                          .weight_decay = record.weight_decay()});
  }
  State state;
  state.progress = index.progress();
  state.environment = index.environment();
  const auto layout = std::make_shared<const FlatLayout>(parameters);

  std::map<std::string, Place> places;
  state.model = FlatTensors(layout, at::kCPU);
  AddPlaces(state.model, "", places);
  RETURN_IF_ERROR(ReadTensors(fs, path, kSnapshotModelFile, index, places));

  if (FindFile(index, kSnapshotEmaFile) != nullptr) {
    state.ema = FlatTensors(layout, at::kCPU);
    places.clear();
    AddPlaces(*state.ema, "", places);
    RETURN_IF_ERROR(ReadTensors(fs, path, kSnapshotEmaFile, index, places));
  }

  places.clear();
  for (const std::string& slot : index.optimizer_slots()) {
    state.optimizer.emplace_back(slot, FlatTensors(layout, at::kCPU));
    AddPlaces(state.optimizer.back().second, absl::StrCat(slot, "/"), places);
  }
  RETURN_IF_ERROR(ReadTensors(fs, path, kSnapshotOptimizerFile, index, places));
  RETURN_IF_ERROR(ReadCriterion(fs, path, index, state));

  for (const FileRecord& record : index.files()) {
    if (IsSnapshotTensorFile(record.name())) continue;
    std::string& bytes = record.name() == kSnapshotVocabularyFile  ? state.vocabulary
                         : record.name() == kSnapshotTokenizerFile ? state.tokenizer
                                                                   : state.attachments[record.name()];
    RETURN_IF_ERROR(ReadBytes(fs, path, record, bytes));
  }
  return device.is_cpu() ? state : state.CopyTo(device);
}

}  // namespace baton
