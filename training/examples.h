#ifndef BATON_TRAINING_EXAMPLES_H_
#define BATON_TRAINING_EXAMPLES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/safetensors.h"
#include "models/batch.h"

namespace baton {

// One split of a dataset as tensors on a device, from which batches are cut. Thread-safe.
class Examples {
 public:
  // `tensors` as ReadSplit gives them: the first dimension of each is the example. "row", which only says where an
  // example came from, is left out.
  static absl::StatusOr<Examples> Create(const std::vector<HostTensor>& tensors, at::Device device);

  int64_t rows() const { return all_.rows; }
  // All of them.
  const Batch& all() const { return all_; }
  // Examples begin .. end-1; shares memory.
  Batch Slice(int64_t begin, int64_t end) const;
  // The examples of these indices, copied.
  Batch Select(absl::Span<const int64_t> indices) const;

 private:
  explicit Examples(Batch all) : all_(std::move(all)) {}
  Batch all_;
};

}  // namespace baton

#endif  // BATON_TRAINING_EXAMPLES_H_
