#ifndef BATON_MODELS_NAMED_TENSORS_H_
#define BATON_MODELS_NAMED_TENSORS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/parameter_spec.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// The place of each name in the list of tensors that a model or a criterion declares. Immutable.
class TensorIndex {
 public:
  explicit TensorIndex(const std::vector<ParameterSpec>& specs);

  size_t size() const { return places_.size(); }
  // Throws std::out_of_range with the name if it was not declared.
  size_t Place(absl::string_view name) const;

 private:
  absl::flat_hash_map<std::string, size_t> places_;
};

// Tensors by name: one worker's leaves over the shared parameters, or buffers. Cheap to make and to copy: it refers to
// the tensors, which must outlive it.
class NamedTensors {
 public:
  NamedTensors() = default;
  // `tensors` in the order in which they were declared. Throws std::invalid_argument if there are more or fewer.
  NamedTensors(std::shared_ptr<const TensorIndex> index, absl::Span<const at::Tensor> tensors);

  // Throws std::out_of_range with the name if there is none.
  const at::Tensor& operator[](absl::string_view name) const;
  // In the order in which they were declared.
  absl::Span<const at::Tensor> all() const { return tensors_; }
  bool empty() const { return tensors_.empty(); }

 private:
  std::shared_ptr<const TensorIndex> index_;
  absl::Span<const at::Tensor> tensors_;
};

}  // namespace baton

#endif  // BATON_MODELS_NAMED_TENSORS_H_
