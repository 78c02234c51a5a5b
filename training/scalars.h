#ifndef BATON_TRAINING_SCALARS_H_
#define BATON_TRAINING_SCALARS_H_

#include <vector>

#include "absl/types/span.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// The values of scalar tensors of any types, all on one device, with one copy from it: it is waited for once.
std::vector<double> ReadScalars(absl::Span<const at::Tensor> scalars);

}  // namespace baton

#endif  // BATON_TRAINING_SCALARS_H_
