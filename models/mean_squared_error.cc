#include "models/mean_squared_error.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Reduction.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/scalar_tensor.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

class MeanSquaredError : public Criterion {
 public:
  LossSum Loss(const at::Tensor& outputs, const Batch& batch, const CriterionContext&) const override {
    const at::Tensor& target = batch.tensors.at("target");
    return {at::mse_loss(outputs, target, at::Reduction::Sum),
            at::scalar_tensor(target.numel(), target.options().dtype(at::kDouble))};
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<Criterion>> BuildMeanSquaredError(const MeanSquaredErrorConfig&,
                                                                 const DataShape& shape) {
  if (shape.classes != 0) {
    return absl::InvalidArgumentError(
        "train.criterion.mean_squared_error needs numbers, but load.task is CLASSIFICATION; choose cross_entropy {}");
  }
  return std::make_unique<MeanSquaredError>();
}

}  // namespace baton
