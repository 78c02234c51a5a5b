#ifndef BATON_OPTIM_OPTIMIZER_H_
#define BATON_OPTIM_OPTIMIZER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "optim/config.pb.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// One chunk of the flat tensors: views of equal length.
struct OptimizerChunk {
  at::Tensor parameters;
  at::Tensor gradients;
  std::vector<at::Tensor> slots;  // in the order of Optimizer::slots()
  bool weight_decay = false;
};

// An update rule. Holds no state: the moments are slots of the same layout as the parameters, owned by State. Thread-
// safe for different chunks.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  // Names of the flat tensors that it keeps beside the parameters, e.g. "exp_avg". They start at 0.
  virtual std::vector<std::string> slots() const = 0;

  // Updates a chunk in place with its gradients divided by `gradient_divisor` (in the same pass over the memory; they
  // are left divided). `step` counts from 1. Throws what libtorch throws.
  virtual void Update(const OptimizerChunk& chunk, double gradient_divisor, double learning_rate,
                      uint64_t step) const = 0;
};

// InvalidArgument names the field that does not fit.
absl::StatusOr<std::unique_ptr<Optimizer>> BuildOptimizer(const OptimizerConfig& config);

}  // namespace baton

#endif  // BATON_OPTIM_OPTIMIZER_H_
