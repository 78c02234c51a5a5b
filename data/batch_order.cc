#include "data/batch_order.h"

#include <algorithm>

#include "base/random.h"

namespace baton {

std::vector<int64_t> BatchOrder::Examples(uint64_t epoch, uint64_t begin, uint64_t end) const {
  end = std::min(end, examples_);
  std::vector<int64_t> examples;
  if (begin >= end) return examples;
  const Permutation permutation(examples_, MixSeed(seed_, "order", epoch));
  examples.reserve(end - begin);
  for (uint64_t i = begin; i < end; ++i) examples.push_back(static_cast<int64_t>(permutation.At(i)));
  return examples;
}

}  // namespace baton
