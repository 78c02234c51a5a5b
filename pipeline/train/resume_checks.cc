#include "pipeline/train/resume_checks.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "optim/schedule.h"
#include "pipeline/train/training_setup.h"
#include "training/goal.h"

namespace baton {

absl::Status CheckGoal(const TrainConfig& config, const TrainingProgress& progress) {
  const Goal goal(config);
  const bool inside_epoch = progress.train_batch_index() > 0;
  const Position position = {progress.step_index(), progress.epoch_index(), inside_epoch};
  if (!goal.IsPassed(position) || progress.stopped_early()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(goal.Text(), ", but this unfinished training is at step ", position.steps, ", in epoch ",
                   position.epochs + (inside_epoch ? 1 : 0),
                   ": raise the goal to that or more to go on, or give --start_over to begin again with fewer"));
}

absl::Status CheckSchedule(const TrainConfig& config, const TrainingProgress& progress) {
  const uint64_t warmup = config.schedule().warmup_steps();
  if (!HasHorizon(config.schedule()) || warmup < progress.schedule_horizon_steps()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "train.schedule.warmup_steps is ", warmup, ", but all of the schedule has ", progress.schedule_horizon_steps(),
      " steps (horizon_steps, or where training is to end); lower it, or train longer"));
}

absl::Status CheckEnvironment(const TrainConfig& config, const Environment& before, const Environment& now) {
  const auto differences = EnvironmentDifferences(before, now);
  if (!config.strict_environment() || differences.empty()) return absl::OkStatus();
  std::string lines;
  for (const auto& [name, old_value, new_value] : differences) {
    absl::StrAppend(&lines, "\n  ", name, ": ", old_value, " -> ", new_value);
  }
  return absl::FailedPreconditionError(
      absl::StrCat("train.strict_environment is set, and this is not the environment in which training stopped:", lines,
                   "\nGo on where it was, or set train.strict_environment=false: the difference is then recorded"));
}

void WarnIfScheduleIsOver(const TrainConfig& config, const TrainingProgress& progress) {
  const bool over = HasHorizon(config.schedule()) && progress.step_index() >= progress.schedule_horizon_steps();
  if (!over || Goal(config).IsReached({.steps = progress.step_index(), .epochs = progress.epoch_index()})) return;
  LOG(WARNING) << "the schedule ended at step " << progress.schedule_horizon_steps()
               << ": from here on the learning rate stays at "
               << config.optimizer().learning_rate() *
                      ScheduleFactor(config.schedule(), progress.step_index(), progress.schedule_horizon_steps())
               << ". A longer schedule is another training: name its end in train.schedule.horizon_steps";
}

}  // namespace baton
