#ifndef BATON_TRAINING_RESAMPLED_SOURCE_H_
#define BATON_TRAINING_RESAMPLED_SOURCE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "training/batch_source.h"

namespace baton {

// As many draws from the numbers 0 .. count - 1, with replacement: a bootstrap sample (Efron, 1979). A pure function of
// its arguments.
std::vector<int64_t> BootstrapSample(uint64_t seed, int64_t count);

// Examples of another source in another order; any of them may be there several times, or not at all.
class ResampledSource : public BatchSource {
 public:
  // `source` must outlive it. `examples` are numbers of its examples.
  ResampledSource(const BatchSource& source, std::vector<int64_t> examples)
      : source_(source), examples_(std::move(examples)) {}

  int64_t examples() const override { return static_cast<int64_t>(examples_.size()); }
  Batch Select(absl::Span<const int64_t> indices) const override;
  Batch Slice(int64_t begin, int64_t end) const override;

 private:
  const BatchSource& source_;
  const std::vector<int64_t> examples_;
};

}  // namespace baton

#endif  // BATON_TRAINING_RESAMPLED_SOURCE_H_
