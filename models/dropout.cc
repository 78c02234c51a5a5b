#include "models/dropout.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/empty_like.h>

#include "third_party/torch_end.h"

namespace baton {

at::Tensor Dropout(const at::Tensor& x, double probability, std::optional<at::Generator> generator) {
  if (!generator.has_value() || probability == 0) return x;
  at::Tensor mask = at::empty_like(x, x.options().requires_grad(false));
  mask.bernoulli_(1 - probability, generator).div_(1 - probability);
  return x.mul(mask);
}

}  // namespace baton
