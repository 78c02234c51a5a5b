#ifndef BATON_MODELS_BATCH_H_
#define BATON_MODELS_BATCH_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "third_party/torch_begin.h"

#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// Examples as named tensors; the first dimension of each is the example. A table has "features" [rows, features] F32
// and "target" [rows], I64 class indices or F32 numbers.
struct Batch {
  int64_t rows = 0;
  std::map<std::string, at::Tensor, std::less<>> tensors;
};

}  // namespace baton

#endif  // BATON_MODELS_BATCH_H_
