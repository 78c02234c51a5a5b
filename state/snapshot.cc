#include "state/snapshot.h"

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/safetensors.h"
#include "base/seal.h"
#include "base/status_macros.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/empty.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

constexpr char kIndexFile[] = "state.binpb";
constexpr char kModelFile[] = "model.safetensors";
constexpr char kCriterionFile[] = "criterion.safetensors";
constexpr char kOptimizerFile[] = "optimizer.safetensors";
constexpr char kVocabularyFile[] = "vocabulary.json";
constexpr char kTokenizerFile[] = "tokenizer.json";
constexpr uint32_t kFormatVersion = 1;

absl::Status Damaged(absl::string_view path, absl::string_view file, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("snapshot ", path, ": ", file, " ", what));
}

absl::StatusOr<DType> DTypeOf(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return DType::kF32;
    case at::kDouble:
      return DType::kF64;
    case at::kLong:
      return DType::kI64;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("a snapshot holds F32, F64 and I64 tensors, not ", c10::toString(tensor.scalar_type())));
  }
}

at::ScalarType ScalarTypeOf(DType dtype) {
  return dtype == DType::kF64 ? at::kDouble : dtype == DType::kI64 ? at::kLong : at::kFloat;
}

// `tensor` is contiguous, on the CPU, and outlives the result.
absl::StatusOr<TensorBytes> BytesOf(std::string name, const at::Tensor& tensor) {
  ASSIGN_OR_RETURN(const DType dtype, DTypeOf(tensor));
  return TensorBytes{.name = std::move(name),
                     .dtype = dtype,
                     .shape = tensor.sizes().vec(),
                     .bytes = absl::string_view(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes())};
}

absl::Status AppendBytes(const FlatTensors& tensors, absl::string_view prefix, std::vector<TensorBytes>& list) {
  for (size_t i = 0; i < tensors.views().size(); ++i) {
    ASSIGN_OR_RETURN(TensorBytes bytes,
                     BytesOf(absl::StrCat(prefix, tensors.layout().entries[i].name), tensors.views()[i]));
    list.push_back(std::move(bytes));
  }
  return absl::OkStatus();
}

class SnapshotWriter {
 public:
  SnapshotWriter(FileSystem& fs, const std::string& folder, SnapshotIndex& index)
      : fs_(fs), folder_(folder), index_(index) {}

  absl::Status WriteTensors(const std::string& file, std::vector<TensorBytes> tensors) {
    ASSIGN_OR_RETURN(const SafetensorsDigests digests,
                     WriteSafetensors(fs_, JoinPath(folder_, file), std::move(tensors), {}, /*with_sha256=*/false));
    for (const TensorDigest& tensor : digests.tensors) {
      TensorRecord& record = *index_.add_tensors();
      record.set_file(file);
      record.set_name(tensor.name);
      record.set_xxh3(tensor.xxh3);
    }
    AddFile(file, digests.size_bytes, digests.xxh3);
    return absl::OkStatus();
  }

  absl::Status WriteBytes(const std::string& file, const std::string& bytes) {
    AddFile(file, bytes.size(), Xxh3Hex(bytes));
    return Write(file, bytes);
  }

  absl::Status WriteIndex() { return Write(kIndexFile, Seal(index_)); }

 private:
  void AddFile(const std::string& name, uint64_t size_bytes, const std::string& xxh3) {
    FileRecord& record = *index_.add_files();
    record.set_name(name);
    record.set_size_bytes(size_bytes);
    record.set_xxh3(xxh3);
  }

  absl::Status Write(const std::string& file, const std::string& bytes) {
    ASSIGN_OR_RETURN(const auto writer, FileWriter::Create(fs_, JoinPath(folder_, file)));
    RETURN_IF_ERROR(writer->Append(bytes));
    return writer->Finish();
  }

  FileSystem& fs_;
  const std::string& folder_;
  SnapshotIndex& index_;
};

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
  ASSIGN_OR_RETURN(const auto reader, SafetensorsReader::Open(fs, JoinPath(path, kCriterionFile)));
  std::map<std::string, Place> places;
  for (const TensorEntry& entry : reader->tensors()) {
    const at::Tensor tensor = at::empty(entry.shape, at::TensorOptions().dtype(ScalarTypeOf(entry.dtype)));
    state.criterion.emplace_back(entry.name, tensor);
    places[entry.name] = {entry.dtype, entry.shape, tensor.mutable_data_ptr()};
  }
  return ReadTensors(fs, path, kCriterionFile, index, places);
}

}  // namespace

absl::StatusOr<SnapshotIndex> SaveSnapshot(FileSystem& fs, const State& state, const std::string& path) {
  const State copy = state.CopyTo(at::kCPU);
  SnapshotIndex index;
  index.set_format_version(kFormatVersion);
  *index.mutable_progress() = copy.progress;
  *index.mutable_environment() = copy.environment;
  for (const FlatLayout::Entry& entry : copy.model.layout().entries) {
    ParameterRecord& record = *index.add_parameters();
    record.set_name(entry.name);
    record.mutable_shape()->Add(entry.shape.begin(), entry.shape.end());
    record.set_weight_decay(entry.weight_decay);
  }

  ASSIGN_OR_RETURN(const auto folder, StagedFolder::Create(fs, path));
  SnapshotWriter writer(fs, folder->path(), index);
  std::vector<TensorBytes> model, criterion, optimizer;
  RETURN_IF_ERROR(AppendBytes(copy.model, "", model));
  for (const auto& [name, tensor] : copy.criterion) {
    ASSIGN_OR_RETURN(TensorBytes bytes, BytesOf(name, tensor));
    criterion.push_back(std::move(bytes));
  }
  for (const auto& [slot, tensors] : copy.optimizer) {
    index.add_optimizer_slots(slot);
    RETURN_IF_ERROR(AppendBytes(tensors, absl::StrCat(slot, "/"), optimizer));
  }
  RETURN_IF_ERROR(writer.WriteTensors(kModelFile, std::move(model)));
  RETURN_IF_ERROR(writer.WriteTensors(kCriterionFile, std::move(criterion)));
  RETURN_IF_ERROR(writer.WriteTensors(kOptimizerFile, std::move(optimizer)));
  if (!copy.vocabulary.empty()) RETURN_IF_ERROR(writer.WriteBytes(kVocabularyFile, copy.vocabulary));
  if (!copy.tokenizer.empty()) RETURN_IF_ERROR(writer.WriteBytes(kTokenizerFile, copy.tokenizer));
  for (const auto& [name, bytes] : copy.attachments) RETURN_IF_ERROR(writer.WriteBytes(name, bytes));
  RETURN_IF_ERROR(writer.WriteIndex());
  RETURN_IF_ERROR(folder->Commit());
  return index;
}

absl::StatusOr<SnapshotIndex> ReadSnapshotIndex(FileSystem& fs, const std::string& path) {
  const std::string file = JoinPath(path, kIndexFile);
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(fs, file));
  SnapshotIndex index;
  RETURN_IF_ERROR(Unseal(bytes, file, index));
  if (index.format_version() != kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(file, " has format version ", index.format_version(),
                                                      "; this program reads version ", kFormatVersion));
  }
  return index;
}

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
  RETURN_IF_ERROR(ReadTensors(fs, path, kModelFile, index, places));

  places.clear();
  for (const std::string& slot : index.optimizer_slots()) {
    state.optimizer.emplace_back(slot, FlatTensors(layout, at::kCPU));
    AddPlaces(state.optimizer.back().second, absl::StrCat(slot, "/"), places);
  }
  RETURN_IF_ERROR(ReadTensors(fs, path, kOptimizerFile, index, places));
  RETURN_IF_ERROR(ReadCriterion(fs, path, index, state));

  for (const FileRecord& record : index.files()) {
    if (record.name() == kModelFile || record.name() == kCriterionFile || record.name() == kOptimizerFile) continue;
    std::string& bytes = record.name() == kVocabularyFile  ? state.vocabulary
                         : record.name() == kTokenizerFile ? state.tokenizer
                                                           : state.attachments[record.name()];
    RETURN_IF_ERROR(ReadBytes(fs, path, record, bytes));
  }
  return device.is_cpu() ? state : state.CopyTo(device);
}

}  // namespace baton
