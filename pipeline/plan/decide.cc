#include "pipeline/plan/decide.h"

#include <glog/logging.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "pipeline/plan/amend.h"
#include "pipeline/plan/keys.h"

namespace baton {
namespace {

// As in "interrupted".
absl::string_view StatusWord(StageRun::Status status) {
  switch (status) {
    case StageRun::INTERRUPTED:
      return "interrupted";
    case StageRun::FAILED:
      return "failed";
    default:
      return "killed";
  }
}

// Each on a line of its own.
std::string Changes(const StageRun& recorded, const KeyInputs& inputs) {
  std::vector<FieldValue> old_values = RecordedInputs(recorded);
  std::erase_if(old_values, [](const FieldValue& value) { return IsAmendmentInput(value.first); });
  return absl::StrJoin(DescribeChanges(old_values, inputs.values()), "",
                       [](std::string* out, const std::string& line) { absl::StrAppend(out, "\n  ", line); });
}

absl::StatusOr<Decision> DecideComplete(const StageSituation& situation,
                                        absl::FunctionRef<absl::Status()> verify_outputs) {
  const absl::Status verified = verify_outputs();
  if (verified.ok()) return Decision::kSkip;
  if (!absl::IsNotFound(verified) && !absl::IsDataLoss(verified)) return verified;
  LOG_IF(WARNING, !situation.quiet) << situation.stage << " was complete, but " << verified.message()
                                    << "; it is done again";
  return situation.start_over ? Decision::kStart : Decision::kResume;
}

}  // namespace

absl::StatusOr<Decision> DecideStage(const StageSituation& situation,
                                     absl::FunctionRef<absl::Status()> verify_outputs) {
  const StageRun& recorded = situation.recorded;
  if (!recorded.has_key()) return Decision::kStart;
  const bool complete = recorded.status() == StageRun::COMPLETE;
  if (recorded.key() == situation.inputs.Key()) {
    if (complete) return DecideComplete(situation, verify_outputs);
    return situation.start_over ? Decision::kStart : Decision::kResume;
  }

  if (!situation.allow_changes.empty() && situation.has_progress) {
    RETURN_IF_ERROR(
        CheckAllowed(TrainingChanges(recorded, situation.inputs, situation.allow_changes), situation.allow_changes));
    return Decision::kAmend;
  }
  const std::string changes = Changes(recorded, situation.inputs);
  if (complete || situation.start_over || !situation.has_progress) {
    LOG_IF(INFO, !situation.quiet) << situation.stage
                                   << " runs under a new key, since this changed (earlier results stay):" << changes;
    return Decision::kStart;
  }
  const std::vector<InputChange> amendments = TrainingChanges(recorded, situation.inputs, {});
  const bool can_be_allowed = std::all_of(amendments.begin(), amendments.end(), CanBeAllowed);
  return absl::InvalidArgumentError(absl::StrCat(
      situation.stage, " is unfinished (", StatusWord(recorded.status()),
      ") and this changed since it was begun:", changes,
      "\nEither put back what changed, and the same command goes on where it stopped; or give --start_over to ",
      "begin anew with what is now (what was written under the old key stays)",
      can_be_allowed ? "; or name what may change in --allow_changes=NAME,... to go on from the newest snapshot with "
                       "it, which the record then says."
                     : "."));
}

}  // namespace baton
