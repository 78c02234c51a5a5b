#include "pipeline/evaluate/evaluation_files.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/safetensors.h"
#include "base/status_macros.h"
#include "glog/logging.h"

namespace baton {
namespace {

template <typename Number>
TensorBytes Tensor(std::string name, DType dtype, std::vector<int64_t> shape, const std::vector<Number>& values) {
  return {.name = std::move(name),
          .dtype = dtype,
          .shape = std::move(shape),
          .bytes = absl::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Number))};
}

Artifact MakeArtifact(const std::string& name, uint64_t size_bytes, const std::string& sha256) {
  Artifact artifact;
  artifact.set_path(name);
  artifact.set_size_bytes(size_bytes);
  artifact.set_sha256(sha256);
  return artifact;
}

// The rows' numbers in the raw file.
void AddRowNumbers(const Holdout& holdout, std::vector<TensorBytes>& tensors) {
  for (const HostTensor& tensor : holdout.tensors) {
    if (tensor.name == "row") tensors.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.bytes});
  }
}

absl::StatusOr<Artifact> WriteTensors(FileSystem& fs, const std::string& folder, const char* name,
                                      std::vector<TensorBytes> tensors) {
  ASSIGN_OR_RETURN(const SafetensorsDigests digests,
                   WriteSafetensors(fs, JoinPath(folder, name), std::move(tensors), {}, /*with_file_digests=*/true));
  return MakeArtifact(name, digests.size_bytes, digests.sha256);
}

absl::StatusOr<Artifact> WritePredictions(FileSystem& fs, const std::string& folder, const Holdout& holdout,
                                          const std::vector<float>& outputs, const Evaluation& evaluation) {
  std::vector<TensorBytes> tensors;
  // F32 has the digits that the data had when they were read.
  const std::vector<float> targets(holdout.targets.begin(), holdout.targets.end());
  const std::vector<float> predictions(evaluation.predictions.begin(), evaluation.predictions.end());
  if (holdout.classes > 0) {
    tensors.push_back(Tensor("outputs", DType::kF32, {holdout.rows, holdout.classes}, outputs));
    tensors.push_back(Tensor("prediction", DType::kI64, {holdout.rows}, evaluation.predicted_classes));
    tensors.push_back(Tensor("target", DType::kI64, {holdout.rows}, holdout.target_classes));
  } else {
    tensors.push_back(Tensor("outputs", DType::kF32, {holdout.rows}, outputs));
    tensors.push_back(Tensor("prediction", DType::kF32, {holdout.rows}, predictions));
    tensors.push_back(Tensor("target", DType::kF32, {holdout.rows}, targets));
  }
  AddRowNumbers(holdout, tensors);
  return WriteTensors(fs, folder, kPredictionsFile, std::move(tensors));
}

absl::StatusOr<Artifact> WriteRounds(FileSystem& fs, const std::string& folder, const Holdout& holdout,
                                     const RoundResults& rounds) {
  const int64_t count = static_cast<int64_t>(rounds.predictions.size()) / holdout.rows;
  std::vector<double> loss, bias, variance;
  for (const Decomposition& row : rounds.parts.rows) {
    loss.push_back(row.loss);
    bias.push_back(row.bias);
    variance.push_back(row.variance);
  }
  const std::vector<int64_t> classes(rounds.predictions.begin(), rounds.predictions.end());
  const std::vector<int64_t> main(rounds.parts.main_predictions.begin(), rounds.parts.main_predictions.end());
  const std::vector<float> targets(holdout.targets.begin(), holdout.targets.end());
  std::vector<TensorBytes> tensors = {Tensor("loss", DType::kF64, {holdout.rows}, loss),
                                      Tensor("bias", DType::kF64, {holdout.rows}, bias),
                                      Tensor("variance", DType::kF64, {holdout.rows}, variance)};
  if (holdout.classes > 0) {
    tensors.push_back(Tensor("round_predictions", DType::kI64, {count, holdout.rows}, classes));
    tensors.push_back(Tensor("main_prediction", DType::kI64, {holdout.rows}, main));
    tensors.push_back(Tensor("target", DType::kI64, {holdout.rows}, holdout.target_classes));
  } else {
    tensors.push_back(Tensor("round_predictions", DType::kF64, {count, holdout.rows}, rounds.predictions));
    tensors.push_back(Tensor("main_prediction", DType::kF64, {holdout.rows}, rounds.parts.main_predictions));
    tensors.push_back(Tensor("target", DType::kF32, {holdout.rows}, targets));
  }
  AddRowNumbers(holdout, tensors);
  return WriteTensors(fs, folder, kBiasVarianceFile, std::move(tensors));
}

absl::StatusOr<Artifact> WriteReport(FileSystem& fs, const std::string& folder, const std::string& report) {
  ASSIGN_OR_RETURN(const auto writer, FileWriter::Create(fs, JoinPath(folder, kReportFile)));
  RETURN_IF_ERROR(writer->Append(report));
  RETURN_IF_ERROR(writer->Finish());
  return MakeArtifact(kReportFile, report.size(), Sha256Hex(report));
}

absl::StatusOr<bool> Holds(FileSystem& fs, const std::string& folder, const std::vector<Artifact>& artifacts) {
  for (const Artifact& artifact : artifacts) {
    const absl::StatusOr<FileDigest> found = DigestFile(fs, JoinPath(folder, artifact.path()), DigestKind::kSha256);
    if (absl::IsNotFound(found.status())) return false;
    RETURN_IF_ERROR(found.status());
    if (found->hex != artifact.sha256()) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::vector<Artifact>> WriteEvaluation(FileSystem& fs, const std::string& path, const Holdout& holdout,
                                                      const std::vector<float>& outputs, const Evaluation& evaluation,
                                                      const std::string& report,
                                                      const std::optional<RoundResults>& rounds) {
  RETURN_IF_ERROR(StagedFolder::RemoveStale(fs, ParentFolder(path)));
  ASSIGN_OR_RETURN(const auto folder, StagedFolder::Create(fs, path));
  std::vector<Artifact> artifacts(2);
  ASSIGN_OR_RETURN(artifacts[0], WritePredictions(fs, folder->path(), holdout, outputs, evaluation));
  ASSIGN_OR_RETURN(artifacts[1], WriteReport(fs, folder->path(), report));
  if (rounds.has_value()) {
    ASSIGN_OR_RETURN(artifacts.emplace_back(), WriteRounds(fs, folder->path(), holdout, *rounds));
  }
  ASSIGN_OR_RETURN(const bool exists, Exists(fs, path));
  if (exists) {
    ASSIGN_OR_RETURN(const bool same, Holds(fs, path, artifacts));
    if (same) {
      // It may stand there since a process died before it could make its name durable.
      RETURN_IF_ERROR(SyncFolder(fs, ParentFolder(path)));
      return artifacts;
    }
    ASSIGN_OR_RETURN(const std::string aside, SetAside(fs, path));
    LOG(WARNING) << path << " does not hold what this evaluation gives; set aside as " << aside;
  }
  RETURN_IF_ERROR(folder->Commit());
  return artifacts;
}

}  // namespace baton
