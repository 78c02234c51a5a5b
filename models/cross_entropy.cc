#include "models/cross_entropy.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "models/criterion_registry.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Reduction.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_log_softmax_backward_data.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/nll_loss_backward.h>
#include <ATen/ops/nll_loss_forward.h>
#include <ATen/ops/scalar_tensor.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

constexpr char kClassWeights[] = "class_weights";
// libtorch leaves out rows of one class; no class has this number.
constexpr int64_t kNoIgnoredClass = -100;

class CrossEntropy : public Criterion {
 public:
  // `class_weights` one a class, or empty for all 1.
  explicit CrossEntropy(const std::vector<double>& class_weights)
      : Criterion(Tensors(class_weights), {{.name = "accuracy"}}), weighted_(!class_weights.empty()) {}

  LossSum Loss(const at::Tensor& outputs, const Batch& batch, const CriterionContext& context) const override {
    const at::Tensor& target = batch.tensors.at("target");
    const std::optional<at::Tensor> weights = weighted_ ? std::optional(context.tensors[kClassWeights]) : std::nullopt;
    if (!context.training) {
      return {at::cross_entropy_loss(outputs, target, weights, at::Reduction::Sum),
              weighted_ ? weights->index_select(0, target).sum() : Count(target)};
    }
    // As autograd does it, without its graph.
    const at::NoGradGuard by_hand;
    const at::Tensor log_probabilities = at::log_softmax(outputs, -1);
    const auto [sum, weight] =
        at::nll_loss_forward(log_probabilities, target, weights, at::Reduction::Sum, kNoIgnoredClass);
    const at::Tensor gradient = at::nll_loss_backward(at::scalar_tensor(1, outputs.options()), log_probabilities,
                                                      target, weights, at::Reduction::Sum, kNoIgnoredClass, weight);
    return {sum, weighted_ ? weight : Count(target),
            at::_log_softmax_backward_data(gradient, log_probabilities, -1, outputs.scalar_type())};
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
