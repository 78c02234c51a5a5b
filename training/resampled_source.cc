#include "training/resampled_source.h"

#include "base/random.h"

namespace baton {

std::vector<int64_t> BootstrapSample(uint64_t seed, int64_t count) {
  std::vector<int64_t> sample(count);
  for (int64_t i = 0; i < count; ++i) {
    // The upper half of a 128-bit product: no number is likelier than another by more than count / 2^64.
    const unsigned __int128 product = static_cast<unsigned __int128>(MixSeed(seed, "bootstrap", i)) * count;
    sample[i] = static_cast<int64_t>(product >> 64);
  }
  return sample;
}

Batch ResampledSource::Select(absl::Span<const int64_t> indices) const {
  std::vector<int64_t> selected;
  selected.reserve(indices.size());
  for (const int64_t index : indices) selected.push_back(examples_[index]);
  return source_.Select(selected);
}

Batch ResampledSource::Slice(int64_t begin, int64_t end) const {
  return source_.Select(absl::MakeConstSpan(examples_).subspan(begin, end - begin));
}

}  // namespace baton
