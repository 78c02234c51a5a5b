#ifndef BATON_MODELS_DROPOUT_H_
#define BATON_MODELS_DROPOUT_H_

#include <optional>

#include "third_party/torch_begin.h"

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// Dropout is our own because libtorch's takes no generator, so that its draws would depend on what else has drawn from
// the process-wide one.

// Of x's shape: 0 with `probability`, else 1 / (1 - probability). The draws follow from the generator's state, and
// neither from the CPU nor from threads.
at::Tensor DropoutMask(const at::Tensor& x, double probability, at::Generator generator);

// x times such a mask; x itself without a generator or with probability 0.
at::Tensor Dropout(const at::Tensor& x, double probability, const std::optional<at::Generator>& generator);

}  // namespace baton

#endif  // BATON_MODELS_DROPOUT_H_
