#include "pipeline/train/resume_checks.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "optim/schedule.h"
#include "training/environment.h"
#include "training/goal.h"

namespace baton {
namespace {

absl::Status CheckGoal(const TrainConfig& config, const TrainingProgress& progress) {
  const Goal goal(config);
  const Position position = PositionOf(progress);
  if (!goal.IsPassed(position) || progress.stopped_early()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(goal.Text(), ", but this unfinished training is at step ", position.steps, ", in epoch ",
                   position.epochs + (position.inside_epoch ? 1 : 0),
                   ": raise the goal to that or more to go on, or give --start_over to begin again with fewer"));
}

}  // namespace

absl::Status CheckGoesOn(const TrainConfig& config, const TrainingProgress& progress, const Environment& before,
                         const Environment& now) {
  RETURN_IF_ERROR(CheckGoal(config, progress));
  return CheckEnvironment(config, before, now);
}

void WarnIfScheduleIsOver(const TrainConfig& config, const TrainingProgress& progress) {
  const bool over = HasHorizon(config.schedule()) && progress.step_index() >= progress.schedule_horizon_steps();
  if (!over || Goal(config).IsReached(PositionOf(progress))) return;
  LOG(WARNING) << "the schedule ended at step " << progress.schedule_horizon_steps()
               << ": from here on the learning rate stays at "
               << config.optimizer().learning_rate() *
                      ScheduleFactor(config.schedule(), progress.step_index(), progress.schedule_horizon_steps())
               << ". A longer schedule is another training: name its end in train.schedule.horizon_steps";
}

}  // namespace baton
