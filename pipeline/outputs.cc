#include "pipeline/outputs.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/key.h"
#include "base/status_macros.h"
#include "pipeline/keys.h"

namespace baton {

absl::Status VerifyOutputs(const RunDirectory& run, const google::protobuf::RepeatedPtrField<Artifact>& outputs,
                           DigestCache& digests) {
  for (const Artifact& output : outputs) {
    ASSIGN_OR_RETURN(const FileDigest found, digests.Sha256(JoinPath(run.path(), output.path())));
    if (found.size_bytes == output.size_bytes() && found.hex == output.sha256()) continue;
    return absl::DataLossError(absl::StrCat(output.path(), " is not as it was written: ", found.size_bytes,
                                            " bytes with SHA-256 ", found.hex, ", and the record says ",
                                            output.size_bytes(), " bytes with ", output.sha256()));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> HasSnapshots(FileSystem& fs, const RunDirectory& run, const TrainSection& train) {
  const absl::StatusOr<std::vector<std::string>> names =
      ListFolder(fs, run.OutputFolder(kTrainStage, train.stage().key()));
  if (absl::IsNotFound(names.status())) return false;
  RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    if (absl::StartsWith(name, "step-")) return true;
  }
  return false;
}

absl::Status CheckLoadIsCurrent(const PipelineConfig& config, const LoadSection& load) {
  if (load.stage().status() != StageRun::COMPLETE) {
    return absl::InvalidArgumentError("load is not complete in this run directory: run load first");
  }
  const std::vector<std::string> changes =
      DescribeChanges(RecordedInputs(load.stage()), LoadKey(config, load.raw_file_sha256()).values());
  if (changes.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("load's results are of another configuration: run load first, or put ",
                                                 "back what changed since:\n  ", absl::StrJoin(changes, "\n  ")));
}

}  // namespace baton
