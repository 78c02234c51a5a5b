#include "models/named_tensors.h"

#include <stdexcept>
#include <utility>

#include "absl/strings/str_cat.h"

namespace baton {

TensorIndex::TensorIndex(const std::vector<ParameterSpec>& specs) {
  for (size_t i = 0; i < specs.size(); ++i) places_[specs[i].name] = i;
}

size_t TensorIndex::Place(absl::string_view name) const {
  const auto found = places_.find(name);
  if (found == places_.end()) throw std::out_of_range(absl::StrCat("no tensor '", name, "' was declared"));
  return found->second;
}

NamedTensors::NamedTensors(std::shared_ptr<const TensorIndex> index, absl::Span<const at::Tensor> tensors)
    : index_(std::move(index)), tensors_(tensors) {
  if (index_->size() != tensors_.size()) {
    throw std::invalid_argument(
        absl::StrCat(tensors_.size(), " tensors were given where ", index_->size(), " are declared"));
  }
}

const at::Tensor& NamedTensors::operator[](absl::string_view name) const {
  if (index_ == nullptr) throw std::out_of_range(absl::StrCat("there is no tensor '", name, "': none were given"));
  return tensors_[index_->Place(name)];
}

}  // namespace baton
