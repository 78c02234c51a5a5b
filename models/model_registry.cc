#include "models/model_registry.h"

namespace baton {

absl::StatusOr<std::unique_ptr<Model>> BuildModel(const ModelConfig& config, const DataShape& shape) {
  return BuildChosen<Model>(config, shape, "train.model", &CheckModelConfig);
}

}  // namespace baton
