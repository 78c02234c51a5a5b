#include "pipeline/plan/outputs.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/files.h"
#include "base/status_macros.h"

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
    // Not what was set aside as damaged: "step-000000000003.damaged".
    absl::string_view digits = name;
    if (absl::ConsumePrefix(&digits, "step-") && !digits.empty() &&
        std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit)) {
      return true;
    }
  }
  return false;
}

}  // namespace baton
