#include "pipeline/evaluate/evaluate_stage.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/digest_cache.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/status_macros.h"
#include "data/dataset.h"
#include "glog/logging.h"
#include "metadata/section_writer.h"
#include "metadata/store.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/evaluate/bias_variance.h"
#include "pipeline/evaluate/bootstrap_rounds.h"
#include "pipeline/evaluate/compute_outputs.h"
#include "pipeline/evaluate/evaluation.h"
#include "pipeline/evaluate/evaluation_files.h"
#include "pipeline/evaluate/holdout.h"
#include "pipeline/evaluate/metrics.h"
#include "pipeline/evaluate/report.h"
#include "pipeline/evaluate/result_table.h"
#include "pipeline/evaluate/round_files.h"
#include "pipeline/plan/keys.h"
#include "pipeline/plan/stage_work.h"
#include "pipeline/train/attempt_info.h"
#include "pipeline/train/load_initial_weights.h"
#include "pipeline/train/trained_model.h"
#include "pipeline/train/training_setup.h"
#include "state/snapshot.h"
#include "training/forward_batches.h"
#include "training/torch_setup.h"

namespace baton {
namespace {

// No more workers than the holdout has batches, or than there are rounds.
absl::StatusOr<std::unique_ptr<WorkerPool>> MakeWorkersFor(const PipelineConfig& config, const LoadSection& load,
                                                           at::Device device) {
  uint64_t rows = 0;
  for (const SplitSummary& split : load.splits()) {
    if (split.name() == kHoldoutSplit) rows = split.rows();
  }
  const int64_t batches = BatchCount(static_cast<int64_t>(rows), config.evaluate().batch_size());
  const int64_t rounds = config.evaluate().bias_variance().rounds();
  return MakeWorkers(config.train().workers(), static_cast<uint32_t>(std::max(batches, rounds)),
                     config.train().threads_per_worker(), device);
}

// The snapshot that the record names; of its tensors the weights alone. Every byte that is read is verified.
absl::StatusOr<TrainedModel> LoadModel(FileSystem& fs, const RunDirectory& run, const SnapshotReference& snapshot,
                                       const LoadSection& load, at::Device device) {
  const std::string path = JoinPath(run.path(), snapshot.path());
  ASSIGN_OR_RETURN(const SnapshotIndex index, ReadSnapshotIndex(fs, path));
  if (index.sha256() != snapshot.sha256()) {
    return absl::DataLossError(absl::StrCat(path, " is another snapshot than the record names: its seal is ",
                                            index.sha256(), ", not ", snapshot.sha256()));
  }
  ASSIGN_OR_RETURN(const State state, LoadForInference(fs, path, device));
  ASSIGN_OR_RETURN(TrainedModel trained, RestoreModel(state));
  if (DatasetVersion(trained.dataset) != load.dataset_version()) {
    return absl::DataLossError(absl::StrCat(path, " was trained on the dataset ", DatasetVersion(trained.dataset),
                                            ", and the record names ", load.dataset_version()));
  }
  return trained;
}

// With what to do where stored bytes are damaged or gone.
absl::Status MadeAgainBy(const absl::Status& status, absl::string_view stage) {
  if (!absl::IsDataLoss(status) && !absl::IsNotFound(status)) return status;
  return absl::Status(status.code(), absl::StrCat(status.message(), "; run ", stage,
                                                  " again, which makes it again, or the whole chain"));
}

// Of the trained model, on the holdout.
absl::StatusOr<std::vector<float>> OutputsOf(const TrainedModel& trained, const Holdout& holdout, int64_t batch_size,
                                             WorkerPool& pool, at::Device device) {
  ASSIGN_OR_RETURN(const TensorSource examples, TensorSource::FromHost(holdout.tensors, device));
  Progress progress("evaluate", "rows", holdout.rows);
  return ComputeOutputs({*trained.model, trained.parameters, trained.buffers}, examples, holdout.classes, batch_size,
                        pool, &progress);
}

void SetRounds(const BiasVariance& parts, EvaluateSection& section) {
  section.set_bootstrap_rounds(static_cast<uint32_t>(parts.by_rounds.size()));
  section.set_avg_expected_loss(parts.mean.loss);
  section.set_avg_bias(parts.mean.bias);
  section.set_avg_variance(parts.mean.variance);
  if (!parts.standard_error.has_value()) return;
  section.set_avg_expected_loss_standard_error(parts.standard_error->loss);
  section.set_avg_bias_standard_error(parts.standard_error->bias);
  section.set_avg_variance_standard_error(parts.standard_error->variance);
}

Loss LossOf(const Holdout& holdout) { return holdout.classes > 0 ? Loss::kZeroOne : Loss::kSquared; }

// As predictions are: class numbers, or numbers in the target's own units.
std::vector<double> TargetsOf(const Holdout& holdout) {
  if (holdout.classes == 0) return holdout.targets;
  return {holdout.target_classes.begin(), holdout.target_classes.end()};
}

// Trains the rounds that are not there yet, on the dataset in `dataset_folder`. `config` has the end of the schedule.
absl::StatusOr<RoundResults> DecomposeLoss(FileSystem& fs, const RunDirectory& run, const PipelineConfig& config,
                                           const Metadata& record, const std::string& dataset_folder,
                                           const Holdout& holdout, WorkerPool& workers, DigestCache& digests,
                                           EvaluateSection& section) {
  const TrainSection& train = record.train();
  const std::string folder = run.RoundsFolder(RoundsKey(config, record.load().dataset_version(), train).Key());
  ASSIGN_OR_RETURN(const TrainingSetup setup,
                   SetUpTraining(fs, config, dataset_folder, record.load().dataset_version()));
  // A round is one thread's; a model of the process-wide generator needs it for itself.
  ASSIGN_OR_RETURN(const auto one, WorkerPool::Create(1, [] {}));
  WorkerPool& pool = setup.model->uses_process_wide_generator() ? *one : workers;
  RoundFiles files(fs, folder, BaseName(folder), holdout.rows);
  const BootstrapTraining training = {fs, config, setup, train.initial_weights(), holdout};
  const auto check_weights = [&]() -> absl::Status {
    if (!config.train().has_initial_weights()) return absl::OkStatus();
    return Annotate(CheckInitialWeights(train.initial_weights(), digests),
                    "bias-variance rounds begin with the weights that training began with");
  };
  RETURN_IF_ERROR(check_weights());
  RoundResults rounds;
  ASSIGN_OR_RETURN(rounds.predictions, BootstrapPredictions(training, files, pool));
  RETURN_IF_ERROR(check_weights());
  ASSIGN_OR_RETURN(rounds.parts, Decompose(LossOf(holdout), rounds.predictions, TargetsOf(holdout)));
  SetRounds(rounds.parts, section);
  section.set_rounds_folder(run.Relative(folder));
  return rounds;
}

// Numbers of the holdout's rows in the raw file.
std::vector<int64_t> RowNumbers(const Holdout& holdout) {
  std::vector<int64_t> numbers(holdout.rows);
  for (const HostTensor& tensor : holdout.tensors) {
    if (tensor.name == "row") std::memcpy(numbers.data(), tensor.bytes.data(), holdout.rows * sizeof(int64_t));
  }
  return numbers;
}

// All that there is to do, and what the record is to say of it.
absl::StatusOr<EvaluateSection> EvaluateSnapshot(FileSystem& fs, const RunDirectory& run, const PipelineConfig& config,
                                                 const Metadata& record, const std::string& key, WorkerPool& pool,
                                                 at::Device device, DigestCache& digests) try {
  EvaluateSection section;
  *section.mutable_snapshot() = EvaluatedSnapshot(config, record.train());
  const absl::StatusOr<TrainedModel> trained = LoadModel(fs, run, section.snapshot(), record.load(), device);
  if (!trained.ok()) return MadeAgainBy(trained.status(), kTrainStage);
  const std::string dataset_folder = run.OutputFolder(kLoadStage, record.load().stage().key());
  const absl::StatusOr<Holdout> holdout = ReadHoldout(fs, dataset_folder, trained->dataset);
  if (!holdout.ok()) return MadeAgainBy(holdout.status(), kLoadStage);

  ASSIGN_OR_RETURN(const std::vector<float> outputs,
                   OutputsOf(*trained, *holdout, config.evaluate().batch_size(), pool, device));
  ASSIGN_OR_RETURN(const Evaluation evaluation, Evaluate(*holdout, outputs, section));

  ReportData report{.run_name = record.run().name(),
                    .target_name = trained->dataset.target().name(),
                    .class_labels = trained->class_labels,
                    .targets = holdout->targets,
                    .predictions = evaluation.predictions};
  if (holdout->classes > 0) {
    ASSIGN_OR_RETURN(report.confusion,
                     ConfusionMatrix(holdout->target_classes, evaluation.predicted_classes, holdout->classes));
  }
  std::optional<RoundResults> rounds;
  if (config.evaluate().bias_variance().rounds() > 0) {
    ASSIGN_OR_RETURN(rounds, DecomposeLoss(fs, run, config, record, dataset_folder, *holdout, pool, digests, section));
    report.bias_variance = BiasVarianceData{.result = rounds->parts,
                                            .loss = LossOf(*holdout),
                                            .row_numbers = RowNumbers(*holdout),
                                            .targets = TargetsOf(*holdout),
                                            .class_labels = trained->class_labels,
                                            .target_name = trained->dataset.target().name()};
  }
  const std::string folder = run.OutputFolder(kEvaluateStage, key);
  ASSIGN_OR_RETURN(std::vector<Artifact> artifacts,
                   WriteEvaluation(fs, folder, *holdout, outputs, evaluation,
                                   RenderReport(report, section, record.train()), rounds));
  for (Artifact& artifact : artifacts) {
    artifact.set_path(run.Relative(JoinPath(folder, artifact.path())));
    *section.add_outputs() = std::move(artifact);
  }
  section.set_report(run.Relative(JoinPath(folder, kReportFile)));
  return section;
} catch (const std::exception& exception) {
  // From libtorch, for instance when the memory of a GPU is full.
  return StatusFromException(exception);
}

}  // namespace

absl::Status RunEvaluate(const StageOptions& options) {
  InstallStopSignals();
  MakeDeterministic();
  FileSystem& fs = *options.fs;
  const RunDirectory run(options.run_dir);
  ASSIGN_OR_RETURN(const PipelineConfig config, ResolveConfig(options));
  DigestCache digests(fs, run.DigestCacheFile());
  ASSIGN_OR_RETURN(const std::optional<StageWork> work,
                   BeginWork(options, config, run, kEvaluateStage, PlanEvaluate, digests));
  if (!work.has_value()) return absl::OkStatus();
  const KeyInputs& inputs = work->plan.inputs;
  SectionWriter<EvaluateSection> writer(*work->store);
  RETURN_IF_ERROR(SaveConfig(fs, run.path(), config));

  ASSIGN_OR_RETURN(const at::Device device, ChooseDevice(config.train().device()));
  ASSIGN_OR_RETURN(const auto pool, MakeWorkersFor(config, work->record.load(), device));
  RETURN_IF_ERROR(writer.BeginAttempt(inputs, ComputingAttempt(*pool, config.train().threads_per_worker(), device)));
  const absl::StatusOr<EvaluateSection> results =
      EvaluateSnapshot(fs, run, work->plan.config, work->record, inputs.Key(), *pool, device, digests);
  if (absl::IsCancelled(results.status())) {
    RETURN_IF_ERROR(writer.FinishAttempt(StageRun::INTERRUPTED));
    return results.status();
  }
  if (!results.ok()) {
    // The stage whose outputs these are would be skipped by what the cache takes for known.
    if (absl::IsDataLoss(results.status())) DigestCache::Forget(fs, run.DigestCacheFile());
    RETURN_IF_ERROR(writer.FinishAttempt(StageRun::FAILED, results.status().message()));
    return results.status();
  }
  return writer.FinishAttempt(StageRun::COMPLETE, "", [&results](EvaluateSection& section) {
    StageRun stage = std::move(*section.mutable_stage());
    section = *results;
    *section.mutable_stage() = std::move(stage);
  });
}

absl::StatusOr<std::string> EvaluationResult(const StageOptions& options) {
  ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(*options.fs, options.run_dir, ""));
  ASSIGN_OR_RETURN(const Metadata record, store->Read());
  return ResultTable(record.evaluate());
}

}  // namespace baton
