#include "pipeline/train/train_stage.h"

#include <string>
#include <utility>
#include <vector>

#include "base/digest_cache.h"
#include "base/files.h"
#include "base/signals.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "metadata/section_writer.h"
#include "metadata/store.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/plan/amend.h"
#include "pipeline/plan/stage_work.h"
#include "pipeline/train/attempt_info.h"
#include "pipeline/train/resume_checks.h"
#include "pipeline/train/starting_point.h"
#include "pipeline/train/train_record.h"
#include "pipeline/train/training_setup.h"
#include "state/snapshot_store.h"
#include "training/environment.h"
#include "training/fit.h"
#include "training/goal.h"
#include "training/progress_observer.h"
#include "training/torch_setup.h"

namespace baton {
namespace {

// Announces and records what is not as it was when the snapshot was written: the bits may come out otherwise.
absl::Status RecordDeviations(const Environment& before, const Environment& now, SectionWriter<TrainSection>& writer) {
  for (const auto& [name, old_value, new_value] : EnvironmentDifferences(before, now)) {
    LOG(WARNING) << "this training began with " << name << " " << old_value << " and goes on with " << new_value
                 << ": its result may differ in the last bits from one that did not change; the record says so";
    RETURN_IF_ERROR(writer.AddDeviation(name, old_value, new_value));
  }
  return absl::OkStatus();
}

absl::Status BeginAttempt(const TrainConfig& config, const TrainingSetup& setup, const StartingPoint& start,
                          SectionWriter<TrainSection>& writer) {
  AttemptInfo info = ComputingAttempt(*setup.pool, config.threads_per_worker(), setup.device);
  if (start.restored_from.has_value()) info.resumed_from_step = start.state.progress.step_index();
  RETURN_IF_ERROR(writer.BeginAttempt(
      start.inputs, std::move(info),
      [&start](TrainSection& section) {
        section.mutable_finished_steps()->Assign(start.kept_for_good.begin(), start.kept_for_good.end());
        if (start.initial_weights.has_sha256()) *section.mutable_initial_weights() = start.initial_weights;
      },
      start.amended.has_value() ? start.amended->amendments : std::vector<Amendment>()));
  if (!start.restored_from.has_value()) return absl::OkStatus();
  return RecordDeviations(*start.restored_from, start.state.environment, writer);
}

}  // namespace

absl::Status RunTrain(const StageOptions& options, const TrainHooks& hooks) {
  InstallStopSignals();
  MakeDeterministic();
  FileSystem& fs = *options.fs;
  const RunDirectory run(options.run_dir);
  RETURN_IF_ERROR(CheckAllowedNames(options.allow_changes));
  ASSIGN_OR_RETURN(const PipelineConfig config, ResolveConfig(options));
  DigestCache digests(fs, run.DigestCacheFile());
  ASSIGN_OR_RETURN(const std::optional<StageWork> work,
                   BeginWork(options, config, run, kTrainStage, PlanTrain, digests));
  if (!work.has_value()) return absl::OkStatus();
  const Metadata& record = work->record;
  const TrainConfig& train_config = work->plan.config.train();
  SectionWriter<TrainSection> writer(*work->store);

  // Where does it begin, or go on?
  absl::StatusOr<TrainingSetup> set_up = SetUpTraining(
      fs, config, run.OutputFolder(kLoadStage, record.load().stage().key()), record.load().dataset_version());
  if (absl::IsDataLoss(set_up.status())) DigestCache::Forget(fs, run.DigestCacheFile());
  RETURN_IF_ERROR(set_up.status());
  if (hooks.wrap_model) set_up->model = hooks.wrap_model(std::move(set_up->model));
  const TrainingSetup& setup = *set_up;
  ASSIGN_OR_RETURN(StartingPoint start, FindStartingPoint(options, setup, record.train(), work->plan, digests));

  // Only a configuration that was not refused is kept. An amended training is on disk before the record names it.
  SnapshotStore snapshots(fs, run.OutputFolder(kTrainStage, start.inputs.Key()));
  RETURN_IF_ERROR(start.Prepare(fs, setup.device, snapshots));
  RETURN_IF_ERROR(SaveConfig(fs, run.path(), config));
  RETURN_IF_ERROR(BeginAttempt(train_config, setup, start, writer));
  State& state = start.state;
  if (start.restored_from.has_value()) {
    if (hooks.after_restore) hooks.after_restore(state);
    LOG(INFO) << "train: goes on from step " << state.progress.step_index() << " (epoch "
              << state.progress.epoch_index() + 1 << ")";
    WarnIfScheduleIsOver(train_config, state.progress);
  }

  TrainRecord train_record(fs, run, snapshots, digests, *work->store, writer, config, state);
  ProgressObserver progress(Goal(train_config).Steps(StepsPerEpoch(setup.train.examples(), train_config)), state);
  Training training = ForEngine(work->plan.config, setup);
  training.snapshots = &snapshots;
  training.observers = {&progress, &train_record};
  training.kept_for_good = start.kept_for_good;
  training.before_snapshot = [&writer] { return writer.CheckAttempt(); };
  training.stop_at_step = hooks.stop_at_step;
  const absl::Status result = train_record.Finish(Fit(training, state), state);
  digests.Save();
  return result;
}

}  // namespace baton
