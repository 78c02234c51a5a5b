#include "base/thin_out.h"

#include <algorithm>

namespace baton {

std::vector<size_t> ThinOut(size_t count, size_t most, std::optional<size_t> best) {
  std::vector<size_t> kept;
  if (count == 0) return kept;
  size_t stride = 1;
  while ((count - 1) / stride + 1 > most && stride < count) stride *= 2;
  for (size_t i = 0; i < count; i += stride) kept.push_back(i);
  for (const size_t i : {count - 1, best.value_or(count - 1)}) {
    const auto place = std::lower_bound(kept.begin(), kept.end(), i);
    if (place == kept.end() || *place != i) kept.insert(place, i);
  }
  return kept;
}

}  // namespace baton
