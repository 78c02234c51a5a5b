#include "models/mean_squared_error.h"

#include "models/criterion_registry.h"

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

absl::StatusOr<std::unique_ptr<Criterion>> BuildMeanSquaredError(const MeanSquaredErrorConfig&, const DataShape&,
                                                                 absl::string_view) {
  return MakeMeanSquaredError();
}

const CriterionRegistration<MeanSquaredErrorConfig> mean_squared_error(BuildMeanSquaredError);

}  // namespace

std::unique_ptr<Criterion> MakeMeanSquaredError() { return std::make_unique<MeanSquaredError>(); }

}  // namespace baton
