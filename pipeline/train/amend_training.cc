#include "pipeline/train/amend_training.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "pipeline/plan/amend.h"
#include "pipeline/plan/keys.h"

namespace baton {
namespace {

// Whether any of these, or a part of one, is among the changes.
bool Changed(const std::vector<InputChange>& changes, std::initializer_list<absl::string_view> names) {
  return std::any_of(changes.begin(), changes.end(), [&names](const InputChange& change) {
    return std::any_of(names.begin(), names.end(), [&change](absl::string_view name) {
      return change.name == name || absl::StartsWith(change.name, absl::StrCat(name, "."));
    });
  });
}

constexpr absl::string_view kCriterion = "train.criterion";

// `initial` is the State with which a training with the new values, which are those of `config`, would begin.
void Amend(const TrainConfig& config, const State& initial, const std::vector<InputChange>& changes, State& state) {
  state.criterion = initial.criterion;
  state.vocabulary = initial.vocabulary;
  state.tokenizer = initial.tokenizer;
  state.attachments = initial.attachments;
  TrainingProgress& progress = state.progress;
  progress.set_train_key(initial.progress.train_key());
  progress.set_micro_batches(initial.progress.micro_batches());
  progress.set_threads_per_worker(initial.progress.threads_per_worker());
  progress.set_schedule_horizon_steps(initial.progress.schedule_horizon_steps());
  if (progress.train_batch_index() > 0 && Changed(changes, {kDatasetInput, "seed", "train.batch_size", kCriterion})) {
    progress.set_train_batch_index(0);
    progress.set_epoch_loss_sum(0);
    progress.set_epoch_weight_sum(0);
  }
  const bool other_loss = Changed(changes, {kDatasetInput, kCriterion});
  if (other_loss || Changed(changes, {"train.selection_metric"})) {
    progress.clear_best();
    progress.set_first_comparable_epoch(progress.epoch_index());
  }
  if (other_loss) {
    progress.clear_early_stopping_reference();
    progress.clear_epochs_without_improvement();
  }
  if (other_loss && progress.has_plateau()) {
    // The factor that it has come to stays.
    progress.mutable_plateau()->clear_best();
    progress.mutable_plateau()->clear_bad_epochs();
    progress.mutable_plateau()->clear_cooldown_left();
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
                   ": --allow_changes cannot change what State consists of. Put it back, or begin anew "
                   "with --start_over"));
}

}  // namespace

absl::Status AmendedTraining::Save(SnapshotStore& snapshots) const {
  // The newest is of use only beside the best one.
  if (best.has_value()) RETURN_IF_ERROR(snapshots.Save(*best).status());
  return snapshots.Save(newest).status();
}

absl::StatusOr<AmendedTraining> AmendTraining(FileSystem& fs, const RunDirectory& run, const PipelineConfig& config,
                                              const TrainingSetup& setup, const TrainSection& recorded,
                                              const KeyInputs& inputs, const std::vector<std::string>& allowed) {
  SnapshotStore before(fs, run.OutputFolder(kTrainStage, recorded.stage().key()));
  ASSIGN_OR_RETURN(std::optional<State> newest, before.LoadLatest(setup.device));
  if (!newest.has_value()) {
    return absl::DataLossError(absl::StrCat("the snapshots of training ", recorded.stage().key(),
                                            " are gone; put them back, or begin anew with --start_over"));
  }
  const uint64_t step = newest->progress.step_index();
  if (newest->progress.epoch_index() >= config.train().max_epochs()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "this training has done ", newest->progress.epoch_index(), " epochs, and train.max_epochs is ",
        config.train().max_epochs(), ": nothing would be trained with what --allow_changes allows. Raise it to go on"));
  }
  const std::vector<InputChange> changes = TrainingChanges(recorded.stage(), inputs, allowed);
  AmendedTraining amended;
  amended.inputs = AmendedInputs(recorded.stage(), inputs, allowed, step);
  amended.amendments = MakeAmendments(changes, recorded.stage(), amended.inputs, step);

  const State initial = InitialState(config, setup, amended.inputs);
  const uint64_t batches_done = newest->progress.train_batch_index();
  Amend(config.train(), initial, changes, *newest);
  RETURN_IF_ERROR(CheckStillFits(*newest, initial));
  if (newest->progress.train_batch_index() != batches_done) {
    LOG(WARNING) << "the data, their order or the loss change in the middle of epoch "
                 << newest->progress.epoch_index() + 1 << ", after " << batches_done
                 << " batches: that epoch begins anew";
  }
  if (newest->progress.has_best() && newest->progress.best().step_index() != step) {
    const std::string path = before.PathOf(newest->progress.best().step_index());
    ASSIGN_OR_RETURN(amended.best, LoadSnapshot(fs, path, at::kCPU));
    Amend(config.train(), initial, changes, *amended.best);
  }
  amended.newest = *std::move(newest);
  for (const InputChange& change : changes) {
    LOG(INFO) << "train: from step " << step << " on " << change.name << " is "
              << (change.new_value.empty() ? "not set" : change.new_value) << ", and was "
              << (change.old_value.empty() ? "not set" : change.old_value) << "; the record says so";
  }
  return amended;
}

}  // namespace baton
