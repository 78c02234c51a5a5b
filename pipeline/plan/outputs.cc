#include "pipeline/plan/outputs.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/key.h"
#include "base/status_macros.h"
#include "pipeline/plan/keys.h"
#include "pipeline/plan/train_goal.h"

namespace baton {
namespace {

// OK if the stage is complete under the key that it would have now.
absl::Status CheckIsCurrent(absl::string_view stage, const StageRun& recorded, const KeyInputs& inputs) {
  if (recorded.status() != StageRun::COMPLETE) {
    return absl::InvalidArgumentError(
        absl::StrCat(stage, " is not complete in this run directory: run ", stage, " first"));
  }
  const std::vector<std::string> changes = DescribeChanges(RecordedInputs(recorded), inputs.values());
  if (changes.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(stage, "'s results are of another configuration: run ", stage,
                                                 " first, or put back what changed since:\n  ",
                                                 absl::StrJoin(changes, "\n  ")));
}

}  // namespace

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
    // Not what was set aside as damaged: "step-000000000003.damaged".
    absl::string_view digits = name;
    if (absl::ConsumePrefix(&digits, "step-") && !digits.empty() &&
        std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit)) {
      return true;
    }
  }
  return false;
}

absl::Status CheckLoadIsCurrent(const PipelineConfig& config, const LoadSection& load) {
  return CheckIsCurrent(kLoadStage, load.stage(), LoadKey(config, load.raw_file_sha256()));
}

absl::Status CheckTrainIsCurrent(const PipelineConfig& config, const LoadSection& load, const TrainSection& train) {
  // As load's raw file, the weights with which training began need not be there any more.
  RETURN_IF_ERROR(
      CheckIsCurrent(kTrainStage, train.stage(), TrainKey(config, load, train, train.initial_weights().sha256())));
  if (!TrainWantsMore(config, train)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("train has done ", EpochsDone(train),
                                                 " epochs, and train.max_epochs is ", config.train().max_epochs(),
                                                 ": run train first, or put it back"));
}

}  // namespace baton
