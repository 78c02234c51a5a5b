#include "pipeline/evaluate/bootstrap_rounds.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/signals.h"
#include "base/status_macros.h"
#include "pipeline/evaluate/compute_outputs.h"
#include "pipeline/evaluate/evaluation.h"
#include "pipeline/train/load_initial_weights.h"
#include "training/fit.h"
#include "training/resampled_source.h"

namespace baton {
namespace {

// Keeps the weights of the best validation so far, as snapshots do on the disk.
class BestWeights : public Observer {
 public:
  // `state` must outlive it.
  explicit BestWeights(const State& state) : state_(state) {}

  absl::Status OnMeasurement(const Measurement& measurement) override {
    const TrainingProgress& progress = state_.progress;
    if (!progress.has_best() || progress.best().step_index() != measurement.step_index()) return absl::OkStatus();
    Keep(state_.weights(), weights_);
    if (state_.weights_buffers() != nullptr) Keep(*state_.weights_buffers(), buffers_);
    step_ = measurement.step_index();
    return absl::OkStatus();
  }

  // Absent before the first validation.
  std::optional<uint64_t> step() const { return step_; }
  const FlatTensors& weights() const { return weights_; }
  const FlatTensors& buffers() const { return buffers_; }

 private:
  static void Keep(const FlatTensors& now, FlatTensors& kept) {
    if (kept.flat().defined()) {
      kept.flat().copy_(now.flat());
    } else {
      kept = now.CopyTo(now.flat().device());
    }
  }

  const State& state_;
  std::optional<uint64_t> step_;
  FlatTensors weights_;
  FlatTensors buffers_;
};

// Ends a round when another one has failed.
class GivesUp : public Observer {
 public:
  explicit GivesUp(const std::atomic<bool>& failed) : failed_(failed) {}
  absl::Status OnStep(const StepReport&) override {
    return failed_ ? absl::CancelledError("another round failed") : absl::OkStatus();
  }

 private:
  const std::atomic<bool>& failed_;
};

// Rounds are trained one after another by a worker, each by its own thread alone.
class RoundTrainer {
 public:
  RoundTrainer(const BootstrapTraining& training, const TensorSource& holdout, WorkerPool& pool,
               const std::atomic<bool>& failed)
      : training_(training), holdout_(holdout), pool_(pool), failed_(failed) {}

  absl::StatusOr<BootstrapRound> Train(uint32_t number) const {
    const TrainingSetup& setup = training_.setup;
    const uint64_t seed = MixSeed(training_.config.seed(), "round", number);
    const ResampledSource rows(setup.train, BootstrapSample(seed, setup.train.examples()));
    Training training = {.config = training_.config.train(),
                         .seed = seed,
                         .model = *setup.model,
                         .criterion = *setup.criterion,
                         .train = rows,
                         .validation = setup.validation.has_value() ? &*setup.validation : nullptr,
                         .pool = pool_};
    ASSIGN_OR_RETURN(State state, InitialState(training, setup.device));
    if (training.config.has_initial_weights()) {
      RETURN_IF_ERROR(
          FillInitialWeights(training_.fs, training.config.initial_weights(), training_.initial_weights, state)
              .status());
    }
    BestWeights best(state);
    GivesUp gives_up(failed_);
    training.observers = {&best, &gives_up};
    RETURN_IF_ERROR(Fit(training, state).status());

    BootstrapRound round;
    round.set_round(number);
    round.set_steps(state.progress.step_index());
    const bool take_best = training_.config.evaluate().snapshot() == EvaluateConfig::BEST && best.step().has_value();
    round.set_chosen_step(take_best ? *best.step() : state.progress.step_index());
    const FlatTensors& weights = take_best ? best.weights() : state.weights();
    const FlatTensors none;
    const FlatTensors& buffers = take_best                            ? best.buffers()
                                 : state.weights_buffers() != nullptr ? *state.weights_buffers()
                                                                      : none;
    ASSIGN_OR_RETURN(const std::vector<float> outputs,
                     ComputeOutputs({*setup.model, weights, buffers}, holdout_, training_.holdout.classes,
                                    training_.config.evaluate().batch_size(), pool_));
    ASSIGN_OR_RETURN(const std::vector<double> predictions, PredictionsOf(training_.holdout, outputs));
    round.mutable_predictions()->Add(predictions.begin(), predictions.end());
    return round;
  }

 private:
  const BootstrapTraining& training_;
  const TensorSource& holdout_;
  WorkerPool& pool_;
  const std::atomic<bool>& failed_;
};

}  // namespace

absl::StatusOr<std::vector<double>> BootstrapPredictions(const BootstrapTraining& training, RoundFiles& files,
                                                         WorkerPool& workers) {
  const int64_t rows = training.holdout.rows;
  const uint32_t count = training.config.evaluate().bias_variance().rounds();
  RETURN_IF_ERROR(files.Prepare());
  std::vector<double> predictions(rows * count);
  const auto keep = [&predictions, rows](const BootstrapRound& round) {
    std::copy(round.predictions().begin(), round.predictions().end(), predictions.begin() + round.round() * rows);
  };
  std::vector<uint32_t> missing;
  for (uint32_t number = 0; number < count; ++number) {
    ASSIGN_OR_RETURN(const std::optional<BootstrapRound> round, files.Read(number));
    round.has_value() ? keep(*round) : missing.push_back(number);
  }
  if (missing.empty()) return predictions;

  ASSIGN_OR_RETURN(const TensorSource holdout, TensorSource::FromHost(training.holdout.tensors, training.setup.device));
  RoundWriter writer(files);
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  absl::Mutex mutex;  // guards what follows
  Progress progress("bias-variance", "rounds", count, count - missing.size());
  uint64_t done = count - missing.size();
  const auto work = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const auto alone, WorkerPool::Create(1, [] {}));
    const RoundTrainer trainer(training, holdout, *alone, failed);
    for (size_t i = next++; i < missing.size() && !failed; i = next++) {
      absl::StatusOr<BootstrapRound> round = trainer.Train(missing[i]);
      if (!round.ok()) return Annotate(round.status(), absl::StrCat("bias-variance round ", missing[i]));
      keep(*round);
      RETURN_IF_ERROR(writer.Add(*std::move(round)));
      const absl::MutexLock lock(&mutex);
      progress.Update(++done, "");
    }
    return absl::OkStatus();
  };
  // The first error is the one that counts: the others give up because of it.
  absl::Status error;
  const auto note = [&](const absl::Status& status) {
    if (status.ok()) return;
    const absl::MutexLock lock(&mutex);
    error.Update(status);
    failed = true;  // only now: who gives up because of it must not come first
  };
  note(workers.Run([&](int) {
    try {
      note(work());
    } catch (const std::exception& exception) {
      note(StatusFromException(exception));
    }
    return absl::OkStatus();
  }));
  // What was trained is kept, also where something else went wrong.
  const absl::Status written = writer.Finish();
  if (absl::IsCancelled(error)) {
    return absl::CancelledError(absl::StrCat("stopped by signal ", StopSignal(), " with ", done, " of ", count,
                                             " rounds done; run the same command again to go on from there"));
  }
  RETURN_IF_ERROR(error);
  RETURN_IF_ERROR(written);
  return predictions;
}

}  // namespace baton
