#include "pipeline/train/train_stage.h"

#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/digest_cache.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/signals.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "metadata/section_writer.h"
#include "metadata/store.h"
#include "pipeline/amend.h"
#include "pipeline/attempt_info.h"
#include "pipeline/decide.h"
#include "pipeline/keys.h"
#include "pipeline/outputs.h"
#include "pipeline/pipeline_config.h"
#include "pipeline/run_directory.h"
#include "pipeline/torch_setup.h"
#include "pipeline/train/amend_training.h"
#include "pipeline/train/resume_checks.h"
#include "pipeline/train/train_record.h"
#include "pipeline/train/trainer.h"
#include "pipeline/train/training_setup.h"
#include "pipeline/train_goal.h"
#include "state/snapshot_store.h"

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

// Steps of this key whose snapshots are results of a training that was complete. What a key was left with when another
// one took its place in the record is taken for finished.
absl::StatusOr<std::set<uint64_t>> FinishedSteps(const TrainSection& recorded, bool same_key,
                                                 const SnapshotStore& snapshots) {
  if (same_key) return std::set<uint64_t>(recorded.finished_steps().begin(), recorded.finished_steps().end());
  ASSIGN_OR_RETURN(const std::vector<uint64_t> steps, snapshots.Steps());
  return std::set<uint64_t>(steps.begin(), steps.end());
}

// Trains; an exception, as of libtorch when memory is short, is an error like another.
absl::Status TrainGuarded(const Trainer::Parts& parts, State& state) try {
  return Trainer(parts, state).Train();
} catch (const std::exception& exception) {
  return StatusFromException(exception);
}

}  // namespace

absl::Status RunTrain(const StageOptions& options, const TrainHooks& hooks) {
  InstallStopSignals();
  MakeDeterministic();
  FileSystem& fs = *options.fs;
  const RunDirectory run(options.run_dir);
  RETURN_IF_ERROR(CheckAllowedNames(options.allow_changes));
  ASSIGN_OR_RETURN(const PipelineConfig config, ResolveConfig(options));
  RETURN_IF_ERROR(MakeFolders(fs, run.LockFolder()));
  ASSIGN_OR_RETURN(const auto lock, FileLock::Acquire(run.LockFile(kTrainStage), FileLock::Mode::kExclusive));
  ASSIGN_OR_RETURN(const auto load_lock, FileLock::Acquire(run.LockFile(kLoadStage), FileLock::Mode::kShared));
  ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(fs, run.path(), config.name()));
  SectionWriter<TrainSection> writer(*store);
  ASSIGN_OR_RETURN(const Metadata record, store->Read());
  RETURN_IF_ERROR(CheckLoadIsCurrent(config, record.load()));

  // What is there to do?
  KeyInputs inputs =
      TrainKey(config, record.load(), options.start_over ? TrainSection() : record.train(), options.allow_changes);
  DigestCache digests(fs, run.DigestCacheFile());
  ASSIGN_OR_RETURN(const bool has_progress, HasSnapshots(fs, run, record.train()));
  ASSIGN_OR_RETURN(const Decision decision,
                   DecideStage({.stage = kTrainStage,
                                .recorded = record.train().stage(),
                                .inputs = inputs,
                                .start_over = options.start_over,
                                .has_progress = has_progress,
                                .allow_changes = options.allow_changes},
                               [&] { return VerifyOutputs(run, record.train().model_artifacts(), digests); }));
  digests.Save();
  if (decision == Decision::kSkip && !TrainWantsMore(config, record.train())) {
    LOG(INFO) << "train: complete, skipped";
    return absl::OkStatus();
  }

  // The newest snapshot that is intact, or the beginning.
  absl::StatusOr<TrainingSetup> set_up = SetUpTraining(
      fs, config, run.OutputFolder(kLoadStage, record.load().stage().key()), record.load().dataset_version());
  if (absl::IsDataLoss(set_up.status())) DigestCache::Forget(fs, run.DigestCacheFile());
  RETURN_IF_ERROR(set_up.status());
  if (hooks.wrap_model) set_up->model = hooks.wrap_model(std::move(set_up->model));
  const TrainingSetup& setup = *set_up;
  std::optional<AmendedTraining> amended;
  if (decision == Decision::kAmend) {
    ASSIGN_OR_RETURN(amended, AmendTraining(fs, run, config, setup, record.train(), inputs, options.allow_changes));
    inputs = amended->inputs;
  }
  SnapshotStore snapshots(fs, run.OutputFolder(kTrainStage, inputs.Key()));
  State state = InitialState(config, setup, inputs);
  RETURN_IF_ERROR(CheckSchedule(config.train(), state.progress));
  // --start_over is for work of this key that is unfinished, or of which too much is damaged.
  const bool same_key = record.train().stage().key() == inputs.Key();
  if (options.start_over && same_key && decision != Decision::kSkip) RETURN_IF_ERROR(snapshots.Supersede());
  RETURN_IF_ERROR(StagedFolder::RemoveStale(fs, run.OutputFolder(kTrainStage, inputs.Key())));
  std::set<uint64_t> kept_for_good;
  std::optional<State> restored;
  if (amended.has_value()) {
    restored = amended->newest;
  } else {
    ASSIGN_OR_RETURN(kept_for_good, FinishedSteps(record.train(), same_key, snapshots));
    ASSIGN_OR_RETURN(restored, snapshots.LoadLatest(setup.device));
  }
  AttemptInfo info = ComputingAttempt(*setup.pool, config.train().threads_per_worker(), setup.device);
  if (restored.has_value()) {
    RETURN_IF_ERROR(CheckFits(*restored, state));
    RETURN_IF_ERROR(CheckLimit(config.train(), restored->progress));
    RETURN_IF_ERROR(CheckEnvironment(config.train(), restored->environment, state.environment));
    info.resumed_from_step = restored->progress.step_index();
  }
  const std::optional<uint64_t> amended_step = AmendedStep(inputs);
  if (amended_step.has_value() && (!restored.has_value() || restored->progress.step_index() < *amended_step)) {
    return absl::DataLossError(absl::StrCat("no snapshot from step ", *amended_step, " on is left in ",
                                            run.OutputFolder(kTrainStage, inputs.Key()),
                                            ", from which this training, that was changed on its way, could go on; put "
                                            "an intact copy back, or train from the beginning with --start_over"));
  }
  // Only a configuration that was not refused is kept. An amended training is on disk before the record names it.
  if (amended.has_value()) RETURN_IF_ERROR(amended->Save(snapshots));
  RETURN_IF_ERROR(SaveConfig(fs, run.path(), config));
  RETURN_IF_ERROR(writer.BeginAttempt(
      inputs, std::move(info),
      [&](TrainSection& section) {
        section.mutable_finished_steps()->Assign(kept_for_good.begin(), kept_for_good.end());
      },
      amended.has_value() ? amended->amendments : std::vector<Amendment>()));
  if (restored.has_value()) {
    RETURN_IF_ERROR(RecordDeviations(restored->environment, state.environment, writer));
    restored->environment = state.environment;
    state = *std::move(restored);
    if (hooks.after_restore) hooks.after_restore(state);
    LOG(INFO) << "train: goes on from step " << state.progress.step_index() << " (epoch "
              << state.progress.epoch_index() + 1 << ")";
    WarnIfScheduleIsOver(config.train(), state.progress);
  }

  TrainRecord train_record(fs, run, snapshots, digests, *store, writer, config, setup.train.rows(), state);
  const Trainer::Parts parts = {.config = config.train(),
                                .seed = config.seed(),
                                .model = *setup.model,
                                .criterion = *setup.criterion,
                                .optimizer = *setup.optimizer,
                                .train = setup.train,
                                .validation = setup.validation ? &*setup.validation : nullptr,
                                .snapshots = snapshots,
                                .kept_for_good = kept_for_good,
                                .pool = *setup.pool,
                                .stop_at_step = hooks.stop_at_step,
                                .before_snapshot = [&] { return writer.CheckAttempt(); },
                                .on_snapshot = [&](const State& saved) { return train_record.AfterSnapshot(saved); }};
  const absl::Status result = train_record.Finish(TrainGuarded(parts, state), state);
  digests.Save();
  return result;
}

}  // namespace baton
