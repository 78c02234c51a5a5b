#include "models/model.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace baton {

Model::Model(std::vector<ParameterSpec> parameters, std::vector<ParameterSpec> buffers)
    : parameters_(std::move(parameters)),
      buffers_(std::move(buffers)),
      parameter_index_(std::make_shared<const TensorIndex>(parameters_)),
      buffer_index_(std::make_shared<const TensorIndex>(buffers_)) {}

int64_t DataShape::FeatureCount() const {
  int64_t count = 1;
  for (const int64_t dimension : features) count *= dimension;
  return count;
}

absl::Status CheckSizes(absl::string_view field, const std::vector<ParameterSpec>& parameters) {
  constexpr int64_t kMost = int64_t{1} << 40;  // 4 TiB: more than a machine has, and far from overflow
  int64_t total = 0;
  for (const ParameterSpec& parameter : parameters) {
    int64_t size = 1;
    bool fits = true;
    for (const int64_t dimension : parameter.shape) fits = fits && !__builtin_mul_overflow(size, dimension, &size);
    fits = fits && !__builtin_add_overflow(total, size, &total) && total <= kMost;
    if (!fits) {
      return absl::InvalidArgumentError(absl::StrCat(field, " is too large: with ", parameter.name, " [",
                                                     absl::StrJoin(parameter.shape, ", "),
                                                     "] it has more than 2^40 parameters; choose smaller sizes"));
    }
  }
  return absl::OkStatus();
}

}  // namespace baton
