#include "training/validation.h"

#include <cmath>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "optim/plateau.h"
#include "state/best_epoch.h"
#include "training/forward_batches.h"
#include "training/scalars.h"

namespace baton {

absl::Status Validate(const TrainConfig& config, const Model& model, const Criterion& criterion,
                      const ValidatedTensors& tensors, const Examples& examples, WorkerPool& pool,
                      EpochHistory& history) {
  const int64_t batch_size = config.validation_batch_size() > 0 ? config.validation_batch_size() : config.batch_size();
  const CriterionContext context{.tensors = criterion.NameTensors(tensors.criterion)};
  // Of each batch: sum and weight of the loss, then of each metric.
  std::vector<std::vector<at::Tensor>> batches(BatchCount(examples.rows(), batch_size));
  RETURN_IF_ERROR(ForwardBatches(model, tensors.parameters, tensors.buffers, examples, batch_size, pool,
                                 [&](int64_t index, const Batch& batch, const at::Tensor& outputs) {
                                   const LossSum loss = criterion.Loss(outputs, batch, context);
                                   batches[index] = {loss.sum, loss.weight};
                                   for (const MetricSum& metric : criterion.Metrics(outputs, batch)) {
                                     batches[index].insert(batches[index].end(), {metric.sum, metric.weight});
                                   }
                                   return absl::OkStatus();
                                 }));
  std::vector<at::Tensor> scalars;
  for (const auto& batch : batches) scalars.insert(scalars.end(), batch.begin(), batch.end());
  const std::vector<double> values = ReadScalars(scalars);
  std::vector<double> total(2 * (1 + criterion.metrics().size()));
  for (size_t i = 0; i < values.size(); ++i) total[i % total.size()] += values[i];
  const double loss = total[0] / total[1];
  if (!std::isfinite(loss)) {
    return absl::OutOfRangeError(
        absl::StrCat("the validation loss is ", loss, " after epoch ", history.epoch_index() + 1,
                     ": training diverged; lower train.optimizer.learning_rate or set train.clip_norm"));
  }
  history.set_validation_loss(loss);
  for (size_t i = 0; i < criterion.metrics().size(); ++i) {
    (*history.mutable_validation_metrics())[criterion.metrics()[i].name] = total[2 * i + 2] / total[2 * i + 3];
  }
  return absl::OkStatus();
}

namespace {

void UpdateEarlyStopping(const EarlyStoppingConfig& config, double loss, TrainingProgress& progress) {
  if (!progress.has_early_stopping_reference() || loss < progress.early_stopping_reference() - config.min_delta()) {
    progress.set_early_stopping_reference(loss);
    progress.set_epochs_without_improvement(0);
    return;
  }
  progress.set_epochs_without_improvement(progress.epochs_without_improvement() + 1);
  if (config.patience() > 0 && progress.epochs_without_improvement() >= config.patience()) {
    progress.set_stopped_early(true);
  }
}

}  // namespace

void UpdateAfterValidation(const TrainConfig& config, const EpochHistory& history, TrainingProgress& progress) {
  if (config.schedule().has_plateau()) {
    UpdatePlateau(config.schedule().plateau(), history.validation_loss(), *progress.mutable_plateau());
  }
  const std::optional<BestEpoch> epoch = CandidateForBest(history, config.selection_metric());
  if (epoch.has_value() && (!progress.has_best() || IsBetter(*epoch, progress.best()))) {
    *progress.mutable_best() = *epoch;
  }
  UpdateEarlyStopping(config.early_stopping(), history.validation_loss(), progress);
}

}  // namespace baton
