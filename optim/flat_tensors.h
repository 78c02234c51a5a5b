#ifndef BATON_OPTIM_FLAT_TENSORS_H_
#define BATON_OPTIM_FLAT_TENSORS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/parameter_spec.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// Where each parameter lies in one flat tensor. Parameters with weight decay come first, each group begins on a new
// chunk, and each parameter on a multiple of 16 elements (64 bytes). Gaps are 0 and stay 0.
struct FlatLayout {
  struct Entry {
    std::string name;
    std::vector<int64_t> shape;
    bool weight_decay = false;
    int64_t offset = 0;
    int64_t size = 0;  // elements
    bool operator==(const Entry&) const = default;
  };
  // Fixed parts of at most kChunkSize elements on which clipping and the optimizer work. They do not depend on the
  // number of workers: a kernel may round differently at another split.
  struct Chunk {
    int64_t begin = 0;
    int64_t end = 0;
    bool weight_decay = false;
  };
  static constexpr int64_t kChunkSize = 64 * 1024;

  // InvalidArgument names the parameter that has a negative dimension, or that takes the whole beyond 2^40 elements.
  static absl::StatusOr<std::shared_ptr<const FlatLayout>> Create(const std::vector<ParameterSpec>& parameters);

  std::vector<Entry> entries;  // in the order of the parameters
  std::vector<Chunk> chunks;
  int64_t size = 0;             // elements, gaps included
  int64_t parameter_count = 0;  // elements, gaps left out
};

// A flat F32 tensor and views of its parts. Copying shares the memory.
class FlatTensors {
 public:
  // Nothing: an empty layout, and a flat tensor that is not defined.
  FlatTensors() = default;
  // Zeros.
  FlatTensors(std::shared_ptr<const FlatLayout> layout, at::Device device);
  FlatTensors(std::shared_ptr<const FlatLayout> layout, at::Tensor flat);

  // On the CPU, with 0 in the gaps alone: for those who fill in every parameter and want no memory written twice.
  static FlatTensors Unfilled(std::shared_ptr<const FlatLayout> layout);
  // To be called when these are filled and will be worked on: from then on the system moves them to huge pages, in the
  // background.
  void Filled() const;

  const FlatLayout& layout() const { return *layout_; }
  const std::shared_ptr<const FlatLayout>& shared_layout() const { return layout_; }
  const at::Tensor& flat() const { return flat_; }
  // In the order of the layout's entries.
  const std::vector<at::Tensor>& views() const { return views_; }
  at::Tensor ChunkView(const FlatLayout::Chunk& chunk) const;

  // A copy with memory of its own.
  FlatTensors CopyTo(at::Device device) const;

 private:
  std::shared_ptr<const FlatLayout> layout_ = std::make_shared<const FlatLayout>();
  at::Tensor flat_;
  std::vector<at::Tensor> views_;
};

// Copies of named F32 tensors, side by side on the device of the first. InvalidArgument names one of another type.
absl::StatusOr<FlatTensors> Flatten(const std::vector<std::pair<std::string, at::Tensor>>& tensors);

// Initial values: a function of the seed and each parameter's name, the same on every device.
void Initialize(const std::vector<ParameterSpec>& parameters, uint64_t seed, FlatTensors& tensors);

}  // namespace baton

#endif  // BATON_OPTIM_FLAT_TENSORS_H_
