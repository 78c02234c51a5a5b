#include "pipeline/train/data_shape.h"

#include "absl/status/status.h"

namespace baton {

absl::StatusOr<DataShape> ShapeOf(const Dataset& dataset) {
  for (const TensorSpec& tensor : dataset.tensors()) {
    if (tensor.name() != "features") continue;
    DataShape shape{.features = 1, .classes = static_cast<int64_t>(dataset.class_count())};
    for (const int64_t size : tensor.shape()) shape.features *= size;
    return shape;
  }
  return absl::DataLossError("the dataset has no tensor 'features'");
}

}  // namespace baton
