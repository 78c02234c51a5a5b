#include "models/convnet.h"
#include "models/mlp.h"
#include "models/model.h"

namespace baton {

absl::StatusOr<std::unique_ptr<Model>> BuildModel(const ModelConfig& config, const DataShape& shape) {
  switch (config.kind_case()) {
    case ModelConfig::kLinear:
      return BuildLinear(config.linear(), shape);
    case ModelConfig::kLogistic:
      return BuildLogistic(config.logistic(), shape);
    case ModelConfig::kMlp:
      return BuildMlp(config.mlp(), shape);
    case ModelConfig::kConvnet:
      return BuildConvNet(config.convnet(), shape);
    case ModelConfig::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      "train.model is not set; choose linear {}, logistic {}, mlp { hidden_sizes: 64 } or convnet {}");
}

}  // namespace baton
