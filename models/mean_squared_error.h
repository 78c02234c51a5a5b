#ifndef BATON_MODELS_MEAN_SQUARED_ERROR_H_
#define BATON_MODELS_MEAN_SQUARED_ERROR_H_

#include <memory>

#include "absl/status/statusor.h"
#include "models/config.pb.h"
#include "models/criterion.h"
#include "models/model.h"

namespace baton {

// The mean of (output - target)^2. InvalidArgument names the field that does not fit.
absl::StatusOr<std::unique_ptr<Criterion>> BuildMeanSquaredError(const MeanSquaredErrorConfig& config,
                                                                 const DataShape& shape);

}  // namespace baton

#endif  // BATON_MODELS_MEAN_SQUARED_ERROR_H_
