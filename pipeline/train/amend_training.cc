#include "pipeline/train/amend_training.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "pipeline/plan/amend.h"
#include "training/goal.h"

namespace baton {
namespace {

bool Changed(const std::vector<InputChange>& changes, absl::string_view name) {
  return std::any_of(changes.begin(), changes.end(), [name](const InputChange& change) { return change.name == name; });
}

// `initial` is the State that a training with the new values, which are those of `config`, would begin with.
void Amend(const TrainConfig& config, const State& initial, const std::vector<InputChange>& changes, State& state) {
  TrainingProgress& progress = state.progress;
  progress.set_train_key(initial.progress.train_key());
  progress.set_micro_batches(initial.progress.micro_batches());
  progress.set_threads_per_worker(initial.progress.threads_per_worker());
  progress.set_schedule_horizon_steps(initial.progress.schedule_horizon_steps());
  if (progress.train_batch_index() > 0 && Changed(changes, "train.batch_size")) {
    progress.set_train_batch_index(0);
    progress.set_epoch_loss_sum(0);
    progress.set_epoch_weight_sum(0);
  }
  if (!config.schedule().has_plateau()) progress.clear_plateau();
  if (progress.stopped_early()) {
    progress.clear_stopped_early();
    progress.clear_epochs_without_improvement();
  }
}

absl::Status CheckStillFits(const State& state, const State& initial) {
  const absl::Status fits = CheckFits(state, initial);
  if (!absl::IsDataLoss(fits)) return fits;
  return absl::InvalidArgumentError(
      absl::StrCat(fits.message(),
                   ": --allow_changes cannot change what State consists of. Put it back, or begin again "
                   "with --start_over"));
}

}  // namespace

absl::Status AmendedTraining::Save(SnapshotStore& snapshots) const {
  // The newest is of use only beside the best one.
  if (best.has_value()) RETURN_IF_ERROR(snapshots.Save(*best).status());
  return snapshots.Save(newest).status();
}

absl::StatusOr<AmendedTraining> AmendTraining(FileSystem& fs, const RunDirectory& run, const TrainingSetup& setup,
                                              const TrainSection& recorded, const StagePlan& plan) {
  SnapshotStore before(fs, run.OutputFolder(kTrainStage, recorded.stage().key()));
  ASSIGN_OR_RETURN(std::optional<State> newest, before.LoadLatest(setup.device));
  if (!newest.has_value()) {
    return absl::DataLossError(absl::StrCat("the snapshots of training ", recorded.stage().key(),
                                            " are gone; put them back, or begin again with --start_over"));
  }
  const TrainingProgress& progress = newest->progress;
  const uint64_t step = progress.step_index();
  const Goal goal(plan.config.train());
  if (goal.IsReached({.steps = step, .epochs = progress.epoch_index()})) {
    return absl::InvalidArgumentError(absl::StrCat("this training has done ", progress.epoch_index(), " epochs, ", step,
                                                   " steps, and ", goal.Text(),
                                                   ": nothing would be trained with what --allow_changes allows. "
                                                   "Raise the goal to go on"));
  }
  AmendedTraining amended;
  amended.inputs = AmendedKey(plan.inputs, recorded.stage(), step);
  amended.amendments = MakeAmendments(plan.changes, recorded.stage(), amended.inputs, step);

  const State initial = InitialState(plan.config, setup, amended.inputs);
  const uint64_t batches_done = progress.train_batch_index();
  Amend(plan.config.train(), initial, plan.changes, *newest);
  RETURN_IF_ERROR(CheckStillFits(*newest, initial));
  if (progress.train_batch_index() != batches_done) {
    LOG(WARNING) << "the batch size changes in the middle of epoch " << progress.epoch_index() + 1 << ", after "
                 << batches_done << " batches: that epoch begins again";
  }
  if (progress.has_best() && progress.best().step_index() != step) {
    ASSIGN_OR_RETURN(amended.best, LoadSnapshot(fs, before.PathOf(progress.best().step_index()), at::kCPU));
    Amend(plan.config.train(), initial, plan.changes, *amended.best);
  }
  amended.newest = *std::move(newest);
  for (const InputChange& change : plan.changes) {
    LOG(INFO) << "train: from step " << step << " on " << change.name << " is "
              << (change.new_value.empty() ? "not set" : change.new_value) << ", and was "
              << (change.old_value.empty() ? "not set" : change.old_value) << "; the record says so";
  }
  return amended;
}

}  // namespace baton
