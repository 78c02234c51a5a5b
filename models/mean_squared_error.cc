#include "models/mean_squared_error.h"

#include "models/criterion_registry.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Reduction.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/mse_loss_backward.h>
#include <ATen/ops/scalar_tensor.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

class MeanSquaredError : public Criterion {
 public:
  LossSum Loss(const at::Tensor& outputs, const Batch& batch, const CriterionContext& context) const override {
    const at::Tensor& target = batch.tensors.at("target");
    const at::Tensor count = at::scalar_tensor(target.numel(), target.options().dtype(at::kDouble));
    if (!context.training) return {at::mse_loss(outputs, target, at::Reduction::Sum), count};
    // As autograd does it, without its graph.
    const at::NoGradGuard by_hand;
    return {at::mse_loss(outputs, target, at::Reduction::Sum), count,
            at::mse_loss_backward(at::scalar_tensor(1, outputs.options()), outputs, target, at::Reduction::Sum)};
  }
};

absl::StatusOr<std::unique_ptr<Criterion>> BuildMeanSquaredError(const MeanSquaredErrorConfig&, const DataShape&,
                                                                 absl::string_view) {
  return MakeMeanSquaredError();
}

const CriterionRegistration<MeanSquaredErrorConfig> mean_squared_error(BuildMeanSquaredError);

}  // namespace

std::unique_ptr<Criterion> MakeMeanSquaredError() { return std::make_unique<MeanSquaredError>(); }

}  // namespace baton
