#include "pipeline/train/starting_point.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/plan/keys.h"
#include "pipeline/train/load_initial_weights.h"
#include "pipeline/train/resume_checks.h"

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
absl::Status CheckAmendedStep(const KeyInputs& inputs, const std::string& folder, const State& state) {
  const std::optional<uint64_t> step = AmendedStep(inputs);
  if (!step.has_value() || state.progress.step_index() >= *step) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("no snapshot from step ", *step, " on is left in ", folder,
                                          ", from which this training, that was changed on its way, could go on; put "
                                          "an intact copy back, or train from the beginning with --start_over"));
}

// Where training stopped may go on here and now.
absl::Status CheckGoesOn(const TrainConfig& config, const TrainingProgress& progress, const Environment& environment,
                         const StateOutline& outline) {
  RETURN_IF_ERROR(CheckLimit(config, progress));
  return CheckEnvironment(config, environment, outline.rest.environment);
}

// The newest State that is intact, if training may go on from it; nullopt where there is none.
absl::StatusOr<std::optional<State>> Restore(const TrainConfig& config, const StateOutline& outline, at::Device device,
                                             SnapshotStore& snapshots) {
  ASSIGN_OR_RETURN(std::optional<State> restored, snapshots.LoadLatest(device));
  if (restored.has_value()) {
    RETURN_IF_ERROR(CheckFits(LayoutsOf(*restored), restored->progress.train_key(), outline));
    RETURN_IF_ERROR(CheckGoesOn(config, restored->progress, restored->environment, outline));
  }
  return restored;
}

// Errors that --start_over is the way out of, as against those of the machine.
bool IsLeftBehindByStartOver(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsInvalidArgument(status);
}

}  // namespace

absl::Status StartingPoint::Prepare(FileSystem& fs, const RunDirectory& run, at::Device device,
                                    SnapshotStore& snapshots) {
  if (supersedes) RETURN_IF_ERROR(snapshots.Supersede());
  RETURN_IF_ERROR(StagedFolder::RemoveStale(fs, run.OutputFolder(kTrainStage, inputs.Key())));
  if (!amended.has_value()) return absl::OkStatus();
  const Environment here = state.environment;
  ASSIGN_OR_RETURN(state, amended->Save(fs, device, snapshots));
  state.environment = here;
  return absl::OkStatus();
}

absl::StatusOr<StartingPoint> FindStartingPoint(const StageOptions& options, const PipelineConfig& config,
                                                const TrainingSetup& setup, const TrainSection& recorded,
                                                const StagePlan& plan, DigestCache& digests) {
  FileSystem& fs = *options.fs;
  const RunDirectory run(options.run_dir);
  StartingPoint start;
  start.inputs = plan.inputs;
  if (plan.decision == Decision::kAmend) {
    ASSIGN_OR_RETURN(start.amended,
                     AmendTraining(fs, run, config, setup, recorded, plan.inputs, options.allow_changes));
    start.inputs = start.amended->inputs;
  }
  ASSIGN_OR_RETURN(const StateOutline outline, OutlineState(config, setup, start.inputs));
  RETURN_IF_ERROR(CheckSchedule(config.train(), outline.rest.progress));

  const bool same_key = recorded.stage().key() == start.inputs.Key();
  start.supersedes = same_key && plan.decision == Decision::kStart;
  const std::string folder = run.OutputFolder(kTrainStage, start.inputs.Key());
  SnapshotStore snapshots(fs, folder);
  start.state = outline.rest;
  if (start.amended.has_value()) {
    RETURN_IF_ERROR(CheckGoesOn(config.train(), start.amended->progress, start.amended->environment, outline));
    start.state.progress = start.amended->progress;
    start.restored_from = start.amended->environment;
  } else {
    ASSIGN_OR_RETURN(start.kept_for_good, FinishedSteps(recorded, same_key, snapshots));
  }
  if (!start.amended.has_value() && !start.supersedes) {
    absl::StatusOr<std::optional<State>> found = Restore(config.train(), outline, setup.device, snapshots);
    // What this very key left before another one was begun has the bits that beginning anew would give.
    start.supersedes = options.start_over && !same_key && IsLeftBehindByStartOver(found.status());
    if (start.supersedes) {
      LOG(WARNING) << found.status().message() << "; --start_over: training begins anew";
      start.kept_for_good.clear();
    } else {
      RETURN_IF_ERROR(found.status());
      if (found->has_value()) {
        start.state = **std::move(found);
        start.restored_from = std::exchange(start.state.environment, outline.rest.environment);
      }
    }
  }
  RETURN_IF_ERROR(CheckAmendedStep(start.inputs, folder, start.state));

  start.initial_weights = plan.initial_weights;
  if (!start.restored_from.has_value()) {
    ASSIGN_OR_RETURN(start.state, InitialState(config, setup, outline));
    if (!config.train().has_initial_weights()) return start;
    RETURN_IF_ERROR(
        LoadInitialWeights(fs, config.train().initial_weights(), digests, start.initial_weights, start.state));
    return start;
  }
  // What the record says of this training's beginning stays so, wherever the weights are now.
  const bool began_here = same_key || start.amended.has_value();
  if (began_here && recorded.has_initial_weights()) start.initial_weights = recorded.initial_weights();
  return start;
}

}  // namespace baton
