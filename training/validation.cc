#include "training/validation.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "optim/plateau.h"
#include "training/forward_batches.h"
#include "training/scalars.h"

namespace baton {
namespace {

const std::vector<at::Tensor>& ViewsOf(const FlatTensors* tensors) {
  static const std::vector<at::Tensor>& none = *new std::vector<at::Tensor>();
  return tensors != nullptr ? tensors->views() : none;
}

absl::Status CheckCount(const std::vector<MetricSum>& given, const std::vector<MetricSpec>& declared) {
  if (given.size() == declared.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the criterion declares ", declared.size(),
                                                 " metrics, but its Metrics() gives ", given.size(),
                                                 "; it must give one for each, in the declared order"));
}

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

absl::Status Validate(const Training& training, const State& state, Measurement& measurement) {
  const TrainConfig& config = training.config;
  const Criterion& criterion = training.criterion;
  const BatchSource& source = *training.validation;
  const int64_t batch_size = config.validation_batch_size() > 0 ? config.validation_batch_size() : config.batch_size();
  int64_t batch_count = BatchCount(source.examples(), batch_size);
  if (config.validation_batches() > 0) {
    batch_count = static_cast<int64_t>(std::min<uint64_t>(batch_count, config.validation_batches()));
  }
  const CriterionContext context{.tensors = criterion.NameTensors(ViewsOf(state.Find(kCriterionGroup)))};
  // Of each batch: sum and weight of the loss, then of each metric.
  std::vector<std::vector<at::Tensor>> batches(batch_count);
  RETURN_IF_ERROR(ForwardBatches(training.model, state.weights(), ViewsOf(state.weights_buffers()), source, batch_size,
                                 batch_count, training.pool,
                                 [&](int64_t index, const Batch& batch, const at::Tensor& outputs) {
                                   const LossSum loss = criterion.Loss(outputs, batch, context);
                                   batches[index] = {loss.sum, loss.weight};
                                   const std::vector<MetricSum> metrics = criterion.Metrics(outputs, batch);
                                   RETURN_IF_ERROR(CheckCount(metrics, criterion.metrics()));
                                   for (const MetricSum& metric : metrics) {
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
        absl::StrCat("the validation loss is ", loss, " after step ", measurement.step_index(),
                     ": training diverged; lower train.optimizer.learning_rate or set train.clip_norm"));
  }
  measurement.set_validation_loss(loss);
  for (size_t i = 0; i < criterion.metrics().size(); ++i) {
    (*measurement.mutable_validation_metrics())[criterion.metrics()[i].name] = total[2 * i + 2] / total[2 * i + 3];
  }
  return absl::OkStatus();
}

void UpdateAfterValidation(const TrainConfig& config, const Selection& selection, const Measurement& measurement,
                           TrainingProgress& progress) {
  if (config.schedule().has_plateau()) {
    UpdatePlateau(config.schedule().plateau(), measurement.validation_loss(), *progress.mutable_plateau());
  }
  const std::optional<Best> candidate = CandidateForBest(measurement, selection);
  if (candidate.has_value() && (!progress.has_best() || IsBetter(*candidate, progress.best(), selection))) {
    *progress.mutable_best() = *candidate;
  }
  UpdateEarlyStopping(config.early_stopping(), measurement.validation_loss(), progress);
}

}  // namespace baton
