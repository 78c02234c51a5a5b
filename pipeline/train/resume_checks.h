#ifndef BATON_PIPELINE_TRAIN_RESUME_CHECKS_H_
#define BATON_PIPELINE_TRAIN_RESUME_CHECKS_H_

#include "absl/status/status.h"
#include "pipeline/config/config.pb.h"
#include "state/state.pb.h"

namespace baton {

// What training refuses to begin or to go on with, asked before anything is written.

// Training that is past its goal has no State that the goal would give. InvalidArgument.
absl::Status CheckGoal(const TrainConfig& config, const TrainingProgress& progress);

// The schedule has room after its warmup, else InvalidArgument.
absl::Status CheckSchedule(const TrainConfig& config, const TrainingProgress& progress);

// With train.strict_environment: FailedPrecondition names all that differs between where training stopped and here.
absl::Status CheckEnvironment(const TrainConfig& config, const Environment& before, const Environment& now);

// Raising the goal does not move a schedule's end, and a learning rate that has fallen to 0 trains nothing.
void WarnIfScheduleIsOver(const TrainConfig& config, const TrainingProgress& progress);

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_RESUME_CHECKS_H_
