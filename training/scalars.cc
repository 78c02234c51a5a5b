#include "training/scalars.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/stack.h>

#include "third_party/torch_end.h"

namespace baton {

std::vector<double> ReadScalars(absl::Span<const at::Tensor> scalars) {
  std::vector<double> values;
  values.reserve(scalars.size());
  if (scalars.empty() || scalars.front().is_cpu()) {
    for (const at::Tensor& scalar : scalars) values.push_back(scalar.item<double>());
    return values;
  }
  std::vector<at::Tensor> doubles;
  for (const at::Tensor& scalar : scalars) doubles.push_back(scalar.detach().to(at::kDouble).reshape({}));
  const at::Tensor copied = at::stack(doubles).cpu();
  values.assign(copied.const_data_ptr<double>(), copied.const_data_ptr<double>() + copied.numel());
  return values;
}

}  // namespace baton
