#ifndef BATON_TRAINING_BATCH_SOURCE_H_
#define BATON_TRAINING_BATCH_SOURCE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/safetensors.h"
#include "models/batch.h"

namespace baton {

// Where examples come from: rows of a table, pictures, windows of a text. Thread-safe.
class BatchSource {
 public:
  virtual ~BatchSource() = default;

  // How many examples there are.
  virtual int64_t examples() const = 0;
  // The examples of these indices (0 .. examples() - 1), in this order.
  virtual Batch Select(absl::Span<const int64_t> indices) const = 0;
  // Examples begin .. end - 1; may share memory with the source.
  virtual Batch Slice(int64_t begin, int64_t end) const = 0;
};

// Examples that lie in memory, on the device where they are used.
class TensorSource : public BatchSource {
 public:
  // Tensors by name, the first dimension of each is the example, e.g. "features" [rows, features] and "target" [rows].
  // InvalidArgument if there is none, or they have different numbers of examples.
  static absl::StatusOr<TensorSource> Create(std::map<std::string, at::Tensor, std::less<>> tensors);
  // Those of a dataset's split, as ReadSplit gives them, copied to `device`. "row", which only says where an example
  // came from, is left out. InvalidArgument for a type that training does not take.
  static absl::StatusOr<TensorSource> FromHost(const std::vector<HostTensor>& tensors, at::Device device);

  int64_t examples() const override { return all_.rows; }
  Batch Select(absl::Span<const int64_t> indices) const override;
  Batch Slice(int64_t begin, int64_t end) const override;
  // All of them.
  const Batch& all() const { return all_; }

 private:
  explicit TensorSource(Batch all) : all_(std::move(all)) {}
  Batch all_;
};

}  // namespace baton

#endif  // BATON_TRAINING_BATCH_SOURCE_H_
