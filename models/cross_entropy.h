#ifndef BATON_MODELS_CROSS_ENTROPY_H_
#define BATON_MODELS_CROSS_ENTROPY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "models/config.pb.h"
#include "models/criterion.h"
#include "models/model.h"

namespace baton {

// Softmax cross-entropy against class indices, with the accuracy as its metric. InvalidArgument names the field that
// does not fit.
absl::StatusOr<std::unique_ptr<Criterion>> BuildCrossEntropy(const CrossEntropyConfig& config, const DataShape& shape);

}  // namespace baton

#endif  // BATON_MODELS_CROSS_ENTROPY_H_
