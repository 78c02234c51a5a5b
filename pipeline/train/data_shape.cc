#include "pipeline/train/data_shape.h"

#include "absl/status/status.h"

namespace baton {

absl::StatusOr<DataShape> ShapeOf(const Dataset& dataset) {
  for (const TensorSpec& tensor : dataset.tensors()) {
    if (tensor.name() == "features" && tensor.shape_size() > 0) {
      return DataShape{.features = {tensor.shape().begin(), tensor.shape().end()},
                       .classes = static_cast<int64_t>(dataset.class_count())};
    }
  }
  return absl::DataLossError("the dataset has no tensor 'features' with a number of values an example");
}

}  // namespace baton
