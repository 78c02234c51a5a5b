// Builds the linear, the logistic and the MLP model, which are one class.

#include "models/mlp.h"
#include "models/model_registry.h"

namespace baton {
namespace {

absl::StatusOr<std::unique_ptr<Model>> BuildLinear(const LinearConfig&, const DataShape& shape, absl::string_view) {
  return std::make_unique<Mlp>(std::vector<int64_t>{shape.features, 1}, MlpConfig::RELU, 0, /*squeeze=*/true);
}

absl::StatusOr<std::unique_ptr<Model>> BuildLogistic(const LogisticConfig&, const DataShape& shape, absl::string_view) {
  return std::make_unique<Mlp>(std::vector<int64_t>{shape.features, shape.classes}, MlpConfig::RELU, 0,
                               /*squeeze=*/false);
}

absl::StatusOr<std::unique_ptr<Model>> BuildMlp(const MlpConfig& config, const DataShape& shape, absl::string_view) {
  const bool regression = shape.classes == 0;
  std::vector<int64_t> sizes = {shape.features};
  sizes.insert(sizes.end(), config.hidden_sizes().begin(), config.hidden_sizes().end());
  sizes.push_back(regression ? 1 : shape.classes);
  return std::make_unique<Mlp>(sizes, config.activation(), config.dropout(), /*squeeze=*/regression);
}

const ModelRegistration<LinearConfig> linear(BuildLinear);
const ModelRegistration<LogisticConfig> logistic(BuildLogistic);
const ModelRegistration<MlpConfig> mlp(BuildMlp);

}  // namespace
}  // namespace baton
