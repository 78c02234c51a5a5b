#ifndef BATON_PIPELINE_TRAIN_DATA_SHAPE_H_
#define BATON_PIPELINE_TRAIN_DATA_SHAPE_H_

#include "absl/status/statusor.h"
#include "data/dataset.pb.h"
#include "models/model.h"

namespace baton {

// What a model must know of a dataset. DataLoss if it has no tensor "features".
absl::StatusOr<DataShape> ShapeOf(const Dataset& dataset);

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_DATA_SHAPE_H_
