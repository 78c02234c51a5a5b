#ifndef BATON_STATE_TENSOR_STATISTICS_H_
#define BATON_STATE_TENSOR_STATISTICS_H_

#include <cstdint>
#include <string>

#include "third_party/torch_begin.h"

#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// Numbers about tensors of any type and device, computed in double on the CPU, a part at a time, so that they take no
// memory to speak of.

// "F32" and so on, as safetensors spells it; libtorch's own name for a type that Baton does not store.
std::string TensorTypeName(const at::Tensor& tensor);
// "F32 [2, 3]".
std::string TensorTypeAndShape(const at::Tensor& tensor);

struct TensorStatistics {
  int64_t nan_count = 0;
  int64_t infinite_count = 0;
  int64_t finite_count = 0;
  // Of the finite values; 0 where there are none.
  double mean = 0;
  double standard_deviation = 0;  // of the population: the squares divided by finite_count
  double norm = 0;                // Euclidean
  double minimum = 0;
  double maximum = 0;
};
TensorStatistics ComputeStatistics(const at::Tensor& tensor);

struct ElementDifferences {
  // Elements whose bits differ: so -0 differs from 0, and a NaN from one of another payload.
  int64_t differing = 0;
  // Of those, where one of the two is NaN or infinite: they have no difference that is a number.
  int64_t not_finite = 0;
  // Absolute differences of the elements that are finite in both; 0 where there are none.
  double largest = 0;
  double mean = 0;
};
// Of two tensors of one type and shape.
ElementDifferences CompareElements(const at::Tensor& a, const at::Tensor& b);

}  // namespace baton

#endif  // BATON_STATE_TENSOR_STATISTICS_H_
