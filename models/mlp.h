#ifndef BATON_MODELS_MLP_H_
#define BATON_MODELS_MLP_H_

#include <memory>

#include "absl/status/statusor.h"
#include "models/config.pb.h"
#include "models/model.h"

namespace baton {

// Fully connected networks (models/dense_layers.h) over all of an example's features as one vector, whatever their
// shape. For a regression the one output's dimension is dropped: [rows] instead of [rows, 1]. InvalidArgument names the
// field that does not fit.
absl::StatusOr<std::unique_ptr<Model>> BuildLinear(const LinearConfig& config, const DataShape& shape);
absl::StatusOr<std::unique_ptr<Model>> BuildLogistic(const LogisticConfig& config, const DataShape& shape);
absl::StatusOr<std::unique_ptr<Model>> BuildMlp(const MlpConfig& config, const DataShape& shape);

}  // namespace baton

#endif  // BATON_MODELS_MLP_H_
