#include "optim/optimizer.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/scalar_tensor.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

at::Tensor Scalar(double value, const OptimizerChunk& chunk) {
  return at::scalar_tensor(value, chunk.parameters.options());
}

// SGD and AdamW are libtorch's fused kernels: one pass over the memory, on CPU and CUDA.

class Sgd : public Optimizer {
 public:
  explicit Sgd(const OptimizerConfig& config) : weight_decay_(config.weight_decay()), sgd_(config.sgd()) {}

  std::vector<std::string> slots() const override {
    if (sgd_.momentum() == 0) return {};
    return {"momentum_buffer"};
  }

  void Update(const OptimizerChunk& chunk, double gradient_divisor, double learning_rate,
              uint64_t /*step*/) const override {
    // Never the "first step": a buffer that starts at 0 gives the same and needs no special case.
    at::_fused_sgd_({chunk.parameters}, {chunk.gradients}, chunk.slots, chunk.weight_decay ? weight_decay_ : 0,
                    sgd_.momentum(), learning_rate, /*dampening=*/0, sgd_.nesterov(), /*maximize=*/false,
                    /*is_first_step=*/false, Scalar(gradient_divisor, chunk));
  }

 private:
  const double weight_decay_;
  const SgdConfig sgd_;
};

class AdamW : public Optimizer {
 public:
  explicit AdamW(const OptimizerConfig& config) : weight_decay_(config.weight_decay()), adamw_(config.adamw()) {}

  std::vector<std::string> slots() const override { return {"exp_avg", "exp_avg_sq"}; }

  void Update(const OptimizerChunk& chunk, double gradient_divisor, double learning_rate,
              uint64_t step) const override {
    const at::Tensor step_tensor = Scalar(static_cast<double>(step), chunk);
    at::_fused_adamw_({chunk.parameters}, {chunk.gradients}, {chunk.slots[0]}, {chunk.slots[1]}, {}, {step_tensor},
                      learning_rate, adamw_.beta1(), adamw_.beta2(), chunk.weight_decay ? weight_decay_ : 0,
                      adamw_.epsilon(), /*amsgrad=*/false, /*maximize=*/false, Scalar(gradient_divisor, chunk));
  }

 private:
  const double weight_decay_;
  const AdamWConfig adamw_;
};

class Lion : public Optimizer {
 public:
  explicit Lion(const OptimizerConfig& config) : weight_decay_(config.weight_decay()), lion_(config.lion()) {}

  std::vector<std::string> slots() const override { return {"exp_avg"}; }

  // libtorch has no kernel for it: a few passes over a chunk, which the cache holds.
  void Update(const OptimizerChunk& chunk, double gradient_divisor, double learning_rate,
              uint64_t /*step*/) const override {
    const at::Tensor& average = chunk.slots[0];
    chunk.gradients.div_(gradient_divisor);
    if (chunk.weight_decay && weight_decay_ > 0) chunk.parameters.mul_(1 - learning_rate * weight_decay_);
    chunk.parameters.add_(average.lerp(chunk.gradients, 1 - lion_.beta1()).sign_(), -learning_rate);
    average.lerp_(chunk.gradients, 1 - lion_.beta2());
  }

 private:
  const double weight_decay_;
  const LionConfig lion_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Optimizer>> BuildOptimizer(const OptimizerConfig& config) {
  switch (config.kind_case()) {
    case OptimizerConfig::kSgd:
      return std::make_unique<Sgd>(config);
    case OptimizerConfig::kAdamw:
      return std::make_unique<AdamW>(config);
    case OptimizerConfig::kLion:
      return std::make_unique<Lion>(config);
    case OptimizerConfig::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("train.optimizer has no kind; choose sgd { momentum: 0.9 }, adamw {} or lion {}");
}

}  // namespace baton
