#include "pipeline/train/starting_point.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/plan/keys.h"
#include "pipeline/train/load_initial_weights.h"
#include "pipeline/train/resume_checks.h"
#include "training/environment.h"

namespace baton {
namespace {

// What a key was left with when another one took its place in the record is taken for finished.
absl::StatusOr<std::set<uint64_t>> FinishedSteps(const TrainSection& recorded, bool same_key,
                                                 const SnapshotStore& snapshots) {
  if (same_key) return std::set<uint64_t>(recorded.finished_steps().begin(), recorded.finished_steps().end());
  ASSIGN_OR_RETURN(const std::vector<uint64_t> steps, snapshots.Steps());
  return std::set<uint64_t>(steps.begin(), steps.end());
}

// A training that was changed on its way cannot be begun with what it was changed to.
absl::Status CheckAmendedStep(const KeyInputs& inputs, const std::string& folder, uint64_t step_index) {
  const std::optional<uint64_t> step = AmendedStep(inputs);
  if (!step.has_value() || step_index >= *step) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("no snapshot from step ", *step, " on is left in ", folder,
                                          ", from which this training, that was changed on its way, could go on; put "
                                          "an intact copy back, or train from the beginning with --start_over"));
}

// The newest State that is intact, if training may go on from it; nullopt where there is none.
absl::StatusOr<std::optional<State>> Restore(const Training& training, at::Device device, const std::string& train_key,
                                             SnapshotStore& snapshots) {
  ASSIGN_OR_RETURN(std::optional<State> restored, snapshots.LoadLatest(device));
  if (!restored.has_value()) return restored;
  RETURN_IF_ERROR(CheckFits(training, LayoutsOf(*restored)));
  if (restored->progress.train_key() != train_key) {
    return absl::DataLossError(
        absl::StrCat("the snapshot belongs to the train key ", restored->progress.train_key(), ", not to ", train_key));
  }
  RETURN_IF_ERROR(CheckGoesOn(training.config, restored->progress, restored->environment, CurrentEnvironment(device)));
  return restored;
}

// Errors that --start_over is the way out of, as against those of the machine.
bool IsLeftBehindByStartOver(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsInvalidArgument(status);
}

}  // namespace

absl::Status StartingPoint::Prepare(FileSystem& fs, at::Device device, SnapshotStore& snapshots) {
  if (supersedes) RETURN_IF_ERROR(snapshots.Supersede());
  RETURN_IF_ERROR(snapshots.RemoveStale());
  if (!amended.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(state, amended->Save(fs, device, snapshots));
  state.environment = CurrentEnvironment(device);
  return absl::OkStatus();
}

absl::StatusOr<StartingPoint> FindStartingPoint(const StageOptions& options, const TrainingSetup& setup,
                                                const TrainSection& recorded, const StagePlan& plan,
                                                DigestCache& digests) {
  FileSystem& fs = *options.fs;
  const RunDirectory run(options.run_dir);
  const Training training = ForEngine(plan.config, setup);
  const TrainConfig& config = training.config;
  RETURN_IF_ERROR(CheckCanTrain(training));
  StartingPoint start;
  start.inputs = plan.inputs;
  start.initial_weights = plan.initial_weights;
  if (plan.action == Action::kAmend) {
    ASSIGN_OR_RETURN(start.amended, AmendTraining(fs, run, training, recorded, plan));
    const AmendedTraining& amended = *start.amended;
    RETURN_IF_ERROR(CheckGoesOn(config, amended.progress, amended.environment, CurrentEnvironment(setup.device)));
    start.inputs = amended.inputs;
    start.state.progress = amended.progress;
    start.restored_from = amended.environment;
    // What the record says of this training's beginning stays so.
    if (recorded.has_initial_weights()) start.initial_weights = recorded.initial_weights();
    return start;
  }

  const std::string train_key = start.inputs.Key();
  const bool same_key = recorded.stage().key() == train_key;
  const std::string folder = run.OutputFolder(kTrainStage, train_key);
  SnapshotStore snapshots(fs, folder);
  start.supersedes = plan.action == Action::kStartOver;
  ASSIGN_OR_RETURN(start.kept_for_good, FinishedSteps(recorded, same_key, snapshots));
  std::optional<State> restored;
  if (!start.supersedes) {
    absl::StatusOr<std::optional<State>> found = Restore(training, setup.device, train_key, snapshots);
    // What this very key left before another one was begun has the bits that a new beginning would give.
    start.supersedes = options.start_over && !same_key && IsLeftBehindByStartOver(found.status());
    if (start.supersedes) {
      LOG(WARNING) << found.status().message() << "; --start_over: training begins again";
      start.kept_for_good.clear();
    } else {
      RETURN_IF_ERROR(found.status());
      restored = *std::move(found);
    }
  }
  RETURN_IF_ERROR(CheckAmendedStep(start.inputs, folder, restored.has_value() ? restored->progress.step_index() : 0));
  if (restored.has_value()) {
    start.state = *std::move(restored);
    start.restored_from = std::exchange(start.state.environment, CurrentEnvironment(setup.device));
    if (same_key && recorded.has_initial_weights()) start.initial_weights = recorded.initial_weights();
    return start;
  }
  ASSIGN_OR_RETURN(start.state, InitialState(training, setup.device));
  Identify(plan.config, setup, train_key, start.state);
  if (!config.has_initial_weights()) return start;
  RETURN_IF_ERROR(LoadInitialWeights(fs, config.initial_weights(), digests, start.initial_weights, start.state));
  return start;
}

}  // namespace baton
