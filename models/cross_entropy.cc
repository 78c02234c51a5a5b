#include "models/cross_entropy.h"

#include "absl/strings/str_cat.h"
#include "models/criterion_registry.h"

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

absl::StatusOr<std::unique_ptr<Criterion>> BuildCrossEntropy(const CrossEntropyConfig& config, const DataShape& shape,
                                                             absl::string_view path) {
  const std::vector<double> weights(config.class_weights().begin(), config.class_weights().end());
  if (weights.empty() || static_cast<int64_t>(weights.size()) == shape.classes) return MakeCrossEntropy(weights);
  return absl::InvalidArgumentError(absl::StrCat(path, ".class_weights has ", weights.size(),
                                                 " values, but the data has ", shape.classes,
                                                 " classes; give one for each, in the vocabulary's order"));
}

const CriterionRegistration<CrossEntropyConfig> cross_entropy(BuildCrossEntropy);

}  // namespace

std::unique_ptr<Criterion> MakeCrossEntropy(const std::vector<double>& class_weights) {
  return std::make_unique<CrossEntropy>(class_weights);
}

}  // namespace baton
