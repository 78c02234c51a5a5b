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

// `rest` is that of the State with which a training with the new values, which are those of `config`, would begin.
void Amend(const TrainConfig& config, const State& rest, const std::vector<InputChange>& changes,
           TrainingProgress& progress) {
  progress.set_train_key(rest.progress.train_key());
  progress.set_micro_batches(rest.progress.micro_batches());
  progress.set_threads_per_worker(rest.progress.threads_per_worker());
  progress.set_schedule_horizon_steps(rest.progress.schedule_horizon_steps());
  if (progress.train_batch_index() > 0 && Changed(changes, {kDatasetInput, "seed", "train.batch_size", kCriterion})) {
    progress.set_train_batch_index(0);
    progress.set_epoch_examples(0);
    progress.set_loss_sum(0);
    progress.set_weight_sum(0);
  }
  const bool other_loss = Changed(changes, {kDatasetInput, kCriterion});
  if (other_loss || Changed(changes, {"train.selection_metric"})) {
    progress.clear_best();
    progress.set_best_since_step(progress.step_index());
  }
  if (other_loss) {
    progress.clear_early_stopping_reference();
    progress.clear_validations_without_improvement();
  }
  if (other_loss && progress.has_plateau()) {
    // The factor that it has come to stays.
    progress.mutable_plateau()->clear_best();
    progress.mutable_plateau()->clear_bad_validations();
    progress.mutable_plateau()->clear_cooldown_left();
  }
  if (!config.schedule().has_plateau()) progress.clear_plateau();
  if (progress.stopped_early()) {
    progress.clear_stopped_early();
    progress.clear_validations_without_improvement();
  }
}

// The groups in `state` that are the criterion's become those of the setup.
absl::Status ReplaceCriterion(const TrainingSetup& setup, State& state) {
  const auto criterion = std::find_if(state.groups.begin(), state.groups.end(),
                                      [](const TensorGroup& group) { return group.name == kCriterionGroup; });
  auto place = criterion;
  if (criterion != state.groups.end()) place = state.groups.erase(criterion);
  if (setup.criterion->tensors().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(FlatTensors tensors, CriterionTensors(setup));
  if (place == state.groups.end()) {
    place = std::find_if(state.groups.begin(), state.groups.end(),
                         [](const TensorGroup& group) { return absl::StartsWith(group.name, kOptimizerPrefix); });
  }
  state.groups.insert(place, {kCriterionGroup, tensors.CopyTo(state.device())});
  return absl::OkStatus();
}

absl::Status CheckStillFits(const SnapshotIndex& newest, const StateOutline& outline) {
  ASSIGN_OR_RETURN(const GroupLayouts groups, LayoutsOf(newest));
  const absl::Status fits = CheckFits(groups, outline.rest.progress.train_key(), outline);
  if (!absl::IsDataLoss(fits)) return fits;
  return absl::InvalidArgumentError(
      absl::StrCat(fits.message(),
                   ": --allow_changes cannot change what State consists of. Put it back, or begin again "
                   "with --start_over"));
}

}  // namespace

absl::StatusOr<State> AmendedTraining::Save(FileSystem& fs, at::Device device, SnapshotStore& snapshots) const {
  const auto carry_over = [&](const std::string& path, at::Device to) -> absl::StatusOr<State> {
    ASSIGN_OR_RETURN(State state, LoadSnapshot(fs, path, to));
    RETURN_IF_ERROR(amend(state));
    RETURN_IF_ERROR(snapshots.Save(state).status());
    return state;
  };
  // The newest is of use only beside the best one.
  if (best.has_value()) RETURN_IF_ERROR(carry_over(*best, at::kCPU).status());
  return carry_over(newest, device);
}

absl::StatusOr<AmendedTraining> AmendTraining(FileSystem& fs, const RunDirectory& run, const PipelineConfig& config,
                                              const TrainingSetup& setup, const TrainSection& recorded,
                                              const KeyInputs& inputs, const std::vector<std::string>& allowed) {
  SnapshotStore before(fs, run.OutputFolder(kTrainStage, recorded.stage().key()));
  ASSIGN_OR_RETURN(const std::optional<SnapshotIndex> newest, before.FindLatest());
  if (!newest.has_value()) {
    return absl::DataLossError(absl::StrCat("the snapshots of training ", recorded.stage().key(),
                                            " are gone; put them back, or begin again with --start_over"));
  }
  AmendedTraining amended;
  TrainingProgress& progress = amended.progress = newest->progress();
  amended.environment = newest->environment();
  const uint64_t step = progress.step_index();
  if (progress.epoch_index() >= config.train().max_epochs()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "this training has done ", progress.epoch_index(), " epochs, and train.max_epochs is ",
        config.train().max_epochs(), ": nothing would be trained with what --allow_changes allows. Raise it to go on"));
  }
  const std::vector<InputChange> changes = TrainingChanges(recorded.stage(), inputs, allowed);
  amended.inputs = AmendedInputs(recorded.stage(), inputs, allowed, step);
  amended.amendments = MakeAmendments(changes, recorded.stage(), amended.inputs, step);

  ASSIGN_OR_RETURN(const StateOutline outline, OutlineState(config, setup, amended.inputs));
  RETURN_IF_ERROR(CheckStillFits(*newest, outline));
  const uint64_t batches_done = progress.train_batch_index();
  Amend(config.train(), outline.rest, changes, progress);
  if (progress.train_batch_index() != batches_done) {
    LOG(WARNING) << "the data, their order or the loss change in the middle of epoch " << progress.epoch_index() + 1
                 << ", after " << batches_done << " batches: that epoch begins again";
  }
  amended.newest = before.PathOf(step);
  if (progress.has_best() && progress.best().step_index() != step) {
    amended.best = before.PathOf(progress.best().step_index());
  }
  amended.amend = [&setup, train = config.train(), rest = outline.rest, changes](State& state) {
    state.vocabulary = rest.vocabulary;
    state.tokenizer = rest.tokenizer;
    state.attachments = rest.attachments;
    Amend(train, rest, changes, state.progress);
    return ReplaceCriterion(setup, state);
  };
  for (const InputChange& change : changes) {
    LOG(INFO) << "train: from step " << step << " on " << change.name << " is "
              << (change.new_value.empty() ? "not set" : change.new_value) << ", and was "
              << (change.old_value.empty() ? "not set" : change.old_value) << "; the record says so";
  }
  return amended;
}

}  // namespace baton
