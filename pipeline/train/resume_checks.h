#ifndef BATON_PIPELINE_TRAIN_RESUME_CHECKS_H_
#define BATON_PIPELINE_TRAIN_RESUME_CHECKS_H_

#include "absl/status/status.h"
#include "state/state.pb.h"
#include "training/config.pb.h"

namespace baton {

// What training refuses to begin or to go on with, asked before anything is written.

// A training that stands at `progress` and was written `before` may go on `now`: it is not past its goal, which would
// give no such State (InvalidArgument), and train.strict_environment does not forbid it (FailedPrecondition).
absl::Status CheckGoesOn(const TrainConfig& config, const TrainingProgress& progress, const Environment& before,
                         const Environment& now);

// Raising the goal does not move a schedule's end, and a learning rate that has fallen to 0 trains nothing.
void WarnIfScheduleIsOver(const TrainConfig& config, const TrainingProgress& progress);

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_RESUME_CHECKS_H_
