#include "pipeline/train/train_stage.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/digest_cache.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/signals.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "metadata/section_writer.h"
#include "metadata/store.h"
#include "pipeline/decide.h"
#include "pipeline/keys.h"
#include "pipeline/outputs.h"
#include "pipeline/pipeline_config.h"
#include "pipeline/run_directory.h"
#include "pipeline/torch_setup.h"
#include "pipeline/train/train_record.h"
#include "pipeline/train/trainer.h"
#include "pipeline/train/training_setup.h"
#include "pipeline/train_goal.h"
#include "state/snapshot_store.h"

namespace baton {
namespace {

AttemptInfo InfoOf(const TrainConfig& config, const TrainingSetup& setup, const Environment& environment) {
  AttemptInfo info;
  info.program_version = environment.program_version();
  info.device = environment.device();
  info.gpu_model = environment.gpu_model();
  info.workers = setup.pool->size();
  info.threads_per_worker = config.threads_per_worker();
  info.libraries["libtorch"] = environment.libtorch_version();
  if (!setup.device.is_cpu()) info.peak_gpu_memory_bytes = [device = setup.device] { return PeakGpuMemory(device); };
  return info;
}

// Announces and records what is not as it was when the snapshot was written: the bits may come out otherwise.
absl::Status RecordDeviations(const Environment& before, const Environment& now, SectionWriter<TrainSection>& writer) {
  for (const auto& [name, old_value, new_value] : EnvironmentDifferences(before, now)) {
    LOG(WARNING) << "this training began with " << name << " " << old_value << " and goes on with " << new_value
                 << ": its result may differ in the last bits from one that did not change; the record says so";
    RETURN_IF_ERROR(writer.AddDeviation(name, old_value, new_value));
  }
  return absl::OkStatus();
}

// Raising max_epochs does not move a schedule's end, and a learning rate that has fallen to 0 trains nothing.
void WarnIfScheduleIsOver(const TrainConfig& config, const TrainingProgress& progress) {
  const bool over = config.schedule().has_cosine() && progress.step_index() >= progress.schedule_horizon_steps();
  if (!over || progress.epoch_index() >= config.max_epochs()) return;
  LOG(WARNING) << "the cosine schedule ended at step " << progress.schedule_horizon_steps()
               << ": from here on the learning rate stays at "
               << config.optimizer().learning_rate() * config.schedule().cosine().final_factor()
               << ". A longer schedule is another training: name its end in train.schedule.cosine.horizon_steps";
}

}  // namespace

absl::Status RunTrain(const StageOptions& options, const TrainHooks& hooks) {
  InstallStopSignals();
  MakeDeterministic();
  FileSystem& fs = *options.fs;
  const RunDirectory run(options.run_dir);
  ASSIGN_OR_RETURN(const PipelineConfig config, ResolveConfig(options));
  RETURN_IF_ERROR(MakeFolders(fs, run.LockFolder()));
  ASSIGN_OR_RETURN(const auto lock, FileLock::Acquire(run.LockFile(kTrainStage), FileLock::Mode::kExclusive));
  ASSIGN_OR_RETURN(const auto load_lock, FileLock::Acquire(run.LockFile(kLoadStage), FileLock::Mode::kShared));
  ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(fs, run.path(), config.name()));
  SectionWriter<TrainSection> writer(*store);
  ASSIGN_OR_RETURN(const Metadata record, store->Read());
  RETURN_IF_ERROR(CheckLoadIsCurrent(config, record.load()));

  // What is there to do?
  const KeyInputs inputs = TrainKey(config, record.load(), record.train());
  SnapshotStore snapshots(fs, run.OutputFolder(kTrainStage, inputs.Key()));
  DigestCache digests(fs, run.DigestCacheFile());
  ASSIGN_OR_RETURN(const bool has_progress, HasSnapshots(fs, run, record.train()));
  ASSIGN_OR_RETURN(const Decision decision,
                   DecideStage({.stage = kTrainStage,
                                .recorded = record.train().stage(),
                                .inputs = inputs,
                                .start_over = options.start_over,
                                .has_progress = has_progress},
                               [&] { return VerifyOutputs(run, record.train().model_artifacts(), digests); }));
  digests.Save();
  if (decision == Decision::kSkip && !TrainWantsMore(config, record.train())) {
    LOG(INFO) << "train: complete, skipped";
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(SaveConfig(fs, run.path(), config));

  // The newest snapshot that is intact, or the beginning.
  ASSIGN_OR_RETURN(const TrainingSetup setup,
                   SetUpTraining(fs, config, run.OutputFolder(kLoadStage, record.load().stage().key()),
                                 record.load().dataset_version()));
  State state = InitialState(config, setup, inputs);
  RETURN_IF_ERROR(StagedFolder::RemoveStale(fs, run.OutputFolder(kTrainStage, inputs.Key())));
  AttemptInfo info = InfoOf(config.train(), setup, state.environment);
  std::optional<State> restored;
  // What is complete is not abandoned: --start_over is for work that is unfinished, or of which too much is damaged.
  if (!options.start_over || decision == Decision::kSkip) {
    ASSIGN_OR_RETURN(restored, snapshots.LoadLatest(setup.device));
  }
  if (restored.has_value()) {
    RETURN_IF_ERROR(CheckFits(*restored, state));
    info.resumed_from_step = restored->progress.step_index();
  }
  RETURN_IF_ERROR(writer.BeginAttempt(inputs, std::move(info)));
  if (restored.has_value()) {
    RETURN_IF_ERROR(RecordDeviations(restored->environment, state.environment, writer));
    restored->environment = state.environment;
    state = *std::move(restored);
    if (hooks.after_restore) hooks.after_restore(state);
    LOG(INFO) << "train: goes on from step " << state.progress.step_index() << " (epoch "
              << state.progress.epoch_index() + 1 << ")";
    WarnIfScheduleIsOver(config.train(), state.progress);
  }

  TrainRecord train_record(fs, run, snapshots, digests, *store, writer, config, state);
  Trainer trainer({.config = config.train(),
                   .seed = config.seed(),
                   .model = *setup.model,
                   .criterion = *setup.criterion,
                   .optimizer = *setup.optimizer,
                   .train = setup.train,
                   .validation = setup.validation ? &*setup.validation : nullptr,
                   .snapshots = snapshots,
                   .pool = *setup.pool,
                   .on_snapshot = [&](const State& saved) { return train_record.AfterSnapshot(saved); }},
                  state);
  const absl::Status result = train_record.Finish(trainer.Train(), state);
  digests.Save();
  return result;
}

}  // namespace baton
