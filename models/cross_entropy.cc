#include "models/cross_entropy.h"

#include <cmath>

#include "absl/strings/str_cat.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Reduction.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/scalar_tensor.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

constexpr char kClassWeights[] = "class_weights";

class CrossEntropy : public Criterion {
 public:
  // `class_weights` one a class, or empty for all 1.
  explicit CrossEntropy(const std::vector<double>& class_weights)
      : Criterion(Tensors(class_weights), {{.name = "accuracy"}}), weighted_(!class_weights.empty()) {}

  LossSum Loss(const at::Tensor& outputs, const Batch& batch, const CriterionContext& context) const override {
    const at::Tensor& target = batch.tensors.at("target");
    if (!weighted_) {
      return {at::cross_entropy_loss(outputs, target, {}, at::Reduction::Sum), Count(target)};
    }
    const at::Tensor& weights = context.tensors[kClassWeights];
    return {at::cross_entropy_loss(outputs, target, weights, at::Reduction::Sum),
            weights.index_select(0, target).sum()};
  }

  std::vector<MetricSum> Metrics(const at::Tensor& outputs, const Batch& batch) const override {
    const at::Tensor& target = batch.tensors.at("target");
    return {{outputs.argmax(-1).eq(target).sum(), Count(target)}};
  }

 private:
  static std::vector<ParameterSpec> Tensors(const std::vector<double>& class_weights) {
    if (class_weights.empty()) return {};
    return {{.name = kClassWeights,
             .shape = {static_cast<int64_t>(class_weights.size())},
             .initial = InitialValuesGiven{class_weights}}};
  }

  static at::Tensor Count(const at::Tensor& target) {
    return at::scalar_tensor(target.numel(), target.options().dtype(at::kDouble));
  }

  const bool weighted_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Criterion>> BuildCrossEntropy(const CrossEntropyConfig& config, const DataShape& shape) {
  if (shape.classes == 0) {
    return absl::InvalidArgumentError(
        "train.criterion.cross_entropy needs classes, but load.task is REGRESSION; choose mean_squared_error {}");
  }
  if (!config.class_weights().empty() && config.class_weights_size() != shape.classes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "train.criterion.cross_entropy.class_weights has ", config.class_weights_size(), " values, but the data has ",
        shape.classes, " classes; give one for each, in the vocabulary's order"));
  }
  for (const double weight : config.class_weights()) {
    if (!std::isfinite(weight) || weight <= 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("train.criterion.cross_entropy.class_weights holds ", weight, "; a weight must be above 0"));
    }
  }
  return std::make_unique<CrossEntropy>(
      std::vector<double>(config.class_weights().begin(), config.class_weights().end()));
}

}  // namespace baton
