#ifndef BATON_PIPELINE_PLAN_DECIDE_H_
#define BATON_PIPELINE_PLAN_DECIDE_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/key.h"
#include "metadata/metadata.pb.h"

namespace baton {

// What a stage does when it is called, decided from the record and its key.
enum class Decision {
  // It is complete under this key and its results are there: nothing to do.
  kSkip,
  // It was begun under this key: go on from what is there.
  kResume,
  // Go on from what another key left, with what --allow_changes allows changed (pipeline/plan/amend.h).
  kAmend,
  // Begin, in a folder of its own. With `start_over`, what stands there unfinished under this key is not gone on from.
  kStart,
};

// What is known when a stage decides.
struct StageSituation {
  // As in "load".
  absl::string_view stage;
  // The stage's part of the record; empty if it never ran.
  const StageRun& recorded;
  // What its result would depend on now.
  const KeyInputs& inputs;
  // --start_over: unfinished work may be abandoned. What is complete and intact stays as it is.
  bool start_over = false;
  // Whether the recorded attempts left something durable that this stage could go on from.
  bool has_progress = false;
  // Log nothing: another process will decide again and say it.
  bool quiet = false;
  // --allow_changes: what may change and the work go on.
  std::vector<std::string> allow_changes = {};
};

// `verify_outputs` is asked only if the stage is complete under this key: OK if all that it recorded as written is
// there with the right digests; NotFound or DataLoss if not, so that it is made again from what is left, or with
// start_over from the beginning; any other error is returned.
//
// InvalidArgument if the stage is unfinished under another key and has progress that would be abandoned, naming each
// value that changed, and the choices; or if something else changed than what allow_changes names. Where there is none,
// nothing is lost by beginning under the new key: a killed evaluation does not keep training from going on, nor a
// failed load the mended configuration from being used.
absl::StatusOr<Decision> DecideStage(const StageSituation& situation, absl::FunctionRef<absl::Status()> verify_outputs);

}  // namespace baton

#endif  // BATON_PIPELINE_PLAN_DECIDE_H_
