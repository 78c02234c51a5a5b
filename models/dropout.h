#ifndef BATON_MODELS_DROPOUT_H_
#define BATON_MODELS_DROPOUT_H_

#include <optional>

#include "third_party/torch_begin.h"

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// Sets each element to 0 with `probability` and scales the others by 1 / (1 - probability); x itself without a
// generator or with probability 0. Our own because libtorch's takes no generator, so that its draws would depend on
// what else has drawn from the process-wide one.
at::Tensor Dropout(const at::Tensor& x, double probability, std::optional<at::Generator> generator);

}  // namespace baton

#endif  // BATON_MODELS_DROPOUT_H_
