#include "pipeline/train/amend_training.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "optim/schedule.h"
#include "pipeline/plan/keys.h"
#include "state/snapshot.h"
#include "training/goal.h"

namespace baton {
namespace {

void Amend(const TrainConfig& config, const std::string& train_key, TrainingProgress& progress) {
  progress.set_train_key(train_key);
  progress.set_micro_batches(config.micro_batches());
  progress.set_threads_per_worker(config.threads_per_worker());
  if (HasHorizon(config.schedule())) {
    progress.set_schedule_horizon_steps(config.schedule().horizon_steps());
  } else {
    progress.clear_schedule_horizon_steps();
  }
  if (!config.schedule().has_plateau()) progress.clear_plateau();
  if (progress.stopped_early()) {
    progress.clear_stopped_early();
    progress.clear_validations_without_improvement();
  }
}

absl::Status CheckStillFits(const Training& training, const SnapshotIndex& newest) {
  ASSIGN_OR_RETURN(const GroupLayouts groups, LayoutsOf(newest));
  const absl::Status fits = CheckFits(training, groups);
  if (!absl::IsDataLoss(fits)) return fits;
  return absl::InvalidArgumentError(
      absl::StrCat(fits.message(),
                   ": --allow_changes cannot change what State consists of. Put it back, or begin again with "
                   "--start_over"));
}

// Something is left to train.
absl::Status CheckGoalIsAhead(const TrainConfig& config, const TrainingProgress& progress) {
  const Goal goal(config);
  if (!goal.IsReached(PositionOf(progress))) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "this training has done ", progress.epoch_index(), " epochs, ", progress.step_index(), " steps, and ",
      goal.Text(), ": nothing would be trained with what --allow_changes allows. Raise the goal to go on"));
}

}  // namespace

absl::StatusOr<State> AmendedTraining::Save(FileSystem& fs, at::Device device, SnapshotStore& snapshots) const {
  const auto carry_over = [&](const std::string& path, at::Device to) -> absl::StatusOr<State> {
    ASSIGN_OR_RETURN(State state, LoadSnapshot(fs, path, to));
    amend(state.progress);
    RETURN_IF_ERROR(snapshots.Save(state).status());
    return state;
  };
  // The newest is of use only beside the best one.
  if (best.has_value()) RETURN_IF_ERROR(carry_over(*best, at::kCPU).status());
  return carry_over(newest, device);
}

absl::StatusOr<AmendedTraining> AmendTraining(FileSystem& fs, const RunDirectory& run, const Training& training,
                                              const TrainSection& recorded, const StagePlan& plan) {
  SnapshotStore before(fs, run.OutputFolder(kTrainStage, recorded.stage().key()));
  ASSIGN_OR_RETURN(const std::optional<SnapshotIndex> newest, before.FindLatest());
  if (!newest.has_value()) {
    return absl::DataLossError(absl::StrCat("the snapshots of training ", recorded.stage().key(),
                                            " are gone; put them back, or begin again with --start_over"));
  }
  RETURN_IF_ERROR(CheckGoalIsAhead(training.config, newest->progress()));
  RETURN_IF_ERROR(CheckStillFits(training, *newest));

  AmendedTraining amended;
  amended.progress = newest->progress();
  amended.environment = newest->environment();
  const uint64_t step = amended.progress.step_index();
  amended.inputs = AmendedKey(plan.inputs, recorded.stage(), step);
  amended.amendments = MakeAmendments(plan.changes, recorded.stage(), amended.inputs, step);
  amended.newest = before.PathOf(step);
  if (amended.progress.has_best() && amended.progress.best().step_index() != step) {
    amended.best = before.PathOf(amended.progress.best().step_index());
  }
  amended.amend = [config = training.config, key = amended.inputs.Key()](TrainingProgress& progress) {
    Amend(config, key, progress);
  };
  amended.amend(amended.progress);
  for (const InputChange& change : plan.changes) {
    LOG(INFO) << "train: from step " << step << " on " << change.name << " is "
              << ShownValue(change.name, change.new_value) << ", and was " << ShownValue(change.name, change.old_value)
              << "; the record says so";
  }
  return amended;
}

}  // namespace baton
