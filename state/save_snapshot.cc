#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/safetensors.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "state/snapshot.h"
#include "state/snapshot_index.h"

namespace baton {
namespace {

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

// The same State with all its tensors contiguous in the CPU's memory: shared where they lie so already, else copies.
State OnCpu(const State& state) {
  const auto on_cpu = [](const FlatTensors& tensors) {
    const at::Tensor flat = tensors.flat().cpu().contiguous();
    return flat.is_same(tensors.flat()) ? tensors : FlatTensors(tensors.shared_layout(), flat);
  };
  State result = state;
  result.model = on_cpu(state.model);
  if (state.ema.has_value()) result.ema = on_cpu(*state.ema);
  for (auto& [name, tensor] : result.criterion) tensor = tensor.cpu().contiguous();
  for (auto& [slot, tensors] : result.optimizer) tensors = on_cpu(tensors);
  return result;
}

// Whether LoadSnapshot will take these as attachments.
absl::Status CheckAttachments(const State& state) {
  for (const auto& [name, bytes] : state.attachments) {
    if (!IsAttachmentName(name)) {
      return absl::InvalidArgumentError(absl::StrCat("'", name, "' is no name that a State's attachment can have"));
    }
  }
  return absl::OkStatus();
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

class FolderWriter {
 public:
  FolderWriter(FileSystem& fs, const std::string& folder, SnapshotIndex& index)
      : fs_(fs), folder_(folder), index_(index) {}

  absl::Status WriteTensors(const std::string& file, std::vector<TensorBytes> tensors) {
    ASSIGN_OR_RETURN(
        const SafetensorsDigests digests,
        WriteSafetensors(fs_, JoinPath(folder_, file), std::move(tensors), {}, /*with_file_digests=*/false));
    for (const TensorDigest& tensor : digests.tensors) {
      TensorRecord& record = *index_.add_tensors();
      record.set_file(file);
      record.set_name(tensor.name);
      record.set_xxh3(tensor.xxh3);
    }
    AddFile(file, digests.size_bytes, digests.header_xxh3);
    return absl::OkStatus();
  }

  absl::Status WriteBytes(const std::string& file, const std::string& bytes) {
    AddFile(file, bytes.size(), Xxh3Hex(bytes));
    return Write(file, bytes);
  }

  absl::Status WriteIndex() { return Write(kSnapshotIndexFile, Seal(index_)); }

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

}  // namespace

absl::StatusOr<SnapshotIndex> SaveSnapshot(FileSystem& fs, const State& state, const std::string& path,
                                           const std::function<absl::Status()>& before_commit) {
  RETURN_IF_ERROR(CheckAttachments(state));
  const State copy = OnCpu(state);
  SnapshotIndex index;
  index.set_format_version(kSnapshotFormatVersion);
  *index.mutable_progress() = copy.progress;
  *index.mutable_environment() = copy.environment;
  for (const FlatLayout::Entry& entry : copy.model.layout().entries) {
    ParameterRecord& record = *index.add_parameters();
    record.set_name(entry.name);
    record.mutable_shape()->Add(entry.shape.begin(), entry.shape.end());
    record.set_weight_decay(entry.weight_decay);
  }

  ASSIGN_OR_RETURN(const auto folder, StagedFolder::Create(fs, path));
  FolderWriter writer(fs, folder->path(), index);
  std::vector<TensorBytes> model, ema, criterion, optimizer;
  RETURN_IF_ERROR(AppendBytes(copy.model, "", model));
  if (copy.ema.has_value()) RETURN_IF_ERROR(AppendBytes(*copy.ema, "", ema));
  for (const auto& [name, tensor] : copy.criterion) {
    ASSIGN_OR_RETURN(TensorBytes bytes, BytesOf(name, tensor));
    criterion.push_back(std::move(bytes));
  }
  for (const auto& [slot, tensors] : copy.optimizer) {
    index.add_optimizer_slots(slot);
    RETURN_IF_ERROR(AppendBytes(tensors, absl::StrCat(slot, "/"), optimizer));
  }
  RETURN_IF_ERROR(writer.WriteTensors(kSnapshotModelFile, std::move(model)));
  if (copy.ema.has_value()) RETURN_IF_ERROR(writer.WriteTensors(kSnapshotEmaFile, std::move(ema)));
  RETURN_IF_ERROR(writer.WriteTensors(kSnapshotCriterionFile, std::move(criterion)));
  RETURN_IF_ERROR(writer.WriteTensors(kSnapshotOptimizerFile, std::move(optimizer)));
  if (!copy.vocabulary.empty()) RETURN_IF_ERROR(writer.WriteBytes(kSnapshotVocabularyFile, copy.vocabulary));
  if (!copy.tokenizer.empty()) RETURN_IF_ERROR(writer.WriteBytes(kSnapshotTokenizerFile, copy.tokenizer));
  for (const auto& [name, bytes] : copy.attachments) RETURN_IF_ERROR(writer.WriteBytes(name, bytes));
  if (const absl::Status status = CheckSnapshotIndex(index); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("a snapshot cannot hold this State: ", status.message()));
  }
  RETURN_IF_ERROR(writer.WriteIndex());
  if (before_commit) RETURN_IF_ERROR(before_commit());
  RETURN_IF_ERROR(folder->Commit());
  return index;
}

}  // namespace baton
