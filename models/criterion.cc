#include "models/criterion.h"

#include "absl/strings/str_cat.h"
#include "models/criterion_registry.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Reduction.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/tensor.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

class CrossEntropy : public Criterion {
 public:
  // `class_weights` [classes] F32, or undefined for all 1.
  explicit CrossEntropy(at::Tensor class_weights) : class_weights_(std::move(class_weights)) {
    if (class_weights_.defined()) tensors_.emplace_back("class_weights", class_weights_);
  }

  LossSum Loss(const at::Tensor& outputs, const Batch& batch) const override {
    const at::Tensor& target = batch.tensors.at("target");
    if (!class_weights_.defined()) {
      return {at::cross_entropy_loss(outputs, target, {}, at::Reduction::Sum), static_cast<double>(batch.rows)};
    }
    return {at::cross_entropy_loss(outputs, target, class_weights_, at::Reduction::Sum),
            class_weights_.index_select(0, target).sum().item<double>()};
  }

  std::optional<int64_t> CorrectRows(const at::Tensor& outputs, const Batch& batch) const override {
    return outputs.argmax(-1).eq(batch.tensors.at("target")).sum().item<int64_t>();
  }

 private:
  const at::Tensor class_weights_;
};

class MeanSquaredError : public Criterion {
 public:
  LossSum Loss(const at::Tensor& outputs, const Batch& batch) const override {
    return {at::mse_loss(outputs, batch.tensors.at("target"), at::Reduction::Sum), static_cast<double>(batch.rows)};
  }

  std::optional<int64_t> CorrectRows(const at::Tensor&, const Batch&) const override { return std::nullopt; }
};

absl::StatusOr<std::unique_ptr<Criterion>> BuildCrossEntropy(const CrossEntropyConfig& config, int64_t classes,
                                                             at::Device device, absl::string_view path) {
  if (config.class_weights().empty()) return std::make_unique<CrossEntropy>(at::Tensor());
  if (config.class_weights_size() != classes) {
    return absl::InvalidArgumentError(absl::StrCat(path, ".class_weights has ", config.class_weights_size(),
                                                   " values, but the data has ", classes,
                                                   " classes; give one for each, in the vocabulary's order"));
  }
  const std::vector<double> weights(config.class_weights().begin(), config.class_weights().end());
  return std::make_unique<CrossEntropy>(at::tensor(weights, at::TensorOptions().dtype(at::kFloat)).to(device));
}

absl::StatusOr<std::unique_ptr<Criterion>> BuildMeanSquaredError(const MeanSquaredErrorConfig&, int64_t, at::Device,
                                                                 absl::string_view) {
  return std::make_unique<MeanSquaredError>();
}

const CriterionRegistration<CrossEntropyConfig> cross_entropy(BuildCrossEntropy);
const CriterionRegistration<MeanSquaredErrorConfig> mean_squared_error(BuildMeanSquaredError);

}  // namespace
}  // namespace baton
