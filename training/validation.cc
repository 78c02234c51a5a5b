#include "training/validation.h"

#include <cmath>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "optim/plateau.h"
#include "state/best.h"
#include "training/forward_batches.h"

namespace baton {

absl::Status Validate(const TrainConfig& config, const Model& model, const Criterion& criterion,
                      const FlatTensors& parameters, const Examples& examples, WorkerPool& pool,
                      Measurement& measurement) {
  struct Sums {
    double loss = 0;
    double weight = 0;
    int64_t correct = 0;
    bool has_correct = false;
  };
  const int64_t batch_size = config.validation_batch_size() > 0 ? config.validation_batch_size() : config.batch_size();
  std::vector<Sums> batches(BatchCount(examples.rows(), batch_size));
  RETURN_IF_ERROR(ForwardBatches(
      model, parameters, examples, batch_size, pool, [&](int64_t index, const Batch& batch, const at::Tensor& outputs) {
        const LossSum loss = criterion.Loss(outputs, batch);
        const auto correct = criterion.CorrectRows(outputs, batch);
        batches[index] = {loss.sum.item<double>(), loss.weight, correct.value_or(0), correct.has_value()};
        return absl::OkStatus();
      }));
  Sums total;
  for (const Sums& sums : batches) {
    total.loss += sums.loss;
    total.weight += sums.weight;
    total.correct += sums.correct;
  }
  const double loss = total.loss / total.weight;
  if (!std::isfinite(loss)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the validation loss is ", loss, " after step ", measurement.step_index(),
                     ": training diverged; lower train.optimizer.learning_rate or set train.clip_norm"));
  }
  measurement.set_validation_loss(loss);
  if (batches.front().has_correct) {
    (*measurement.mutable_validation_metrics())["accuracy"] =
        static_cast<double>(total.correct) / static_cast<double>(examples.rows());
  }
  return absl::OkStatus();
}

namespace {

void UpdateEarlyStopping(const EarlyStoppingConfig& config, double loss, TrainingProgress& progress) {
  if (!progress.has_early_stopping_reference() || loss < progress.early_stopping_reference() - config.min_delta()) {
    progress.set_early_stopping_reference(loss);
    progress.set_validations_without_improvement(0);
    return;
  }
  progress.set_validations_without_improvement(progress.validations_without_improvement() + 1);
  if (config.patience() > 0 && progress.validations_without_improvement() >= config.patience()) {
    progress.set_stopped_early(true);
  }
}

}  // namespace

void UpdateAfterValidation(const TrainConfig& config, const Measurement& measurement, TrainingProgress& progress) {
  if (config.schedule().has_plateau()) {
    UpdatePlateau(config.schedule().plateau(), measurement.validation_loss(), *progress.mutable_plateau());
  }
  const std::optional<Best> candidate = CandidateForBest(measurement, config.selection_metric());
  if (candidate.has_value() && (!progress.has_best() || IsBetter(*candidate, progress.best()))) {
    *progress.mutable_best() = *candidate;
  }
  UpdateEarlyStopping(config.early_stopping(), measurement.validation_loss(), progress);
}

}  // namespace baton
