#include "absl/strings/str_cat.h"
#include "models/mlp.h"
#include "models/model.h"

namespace baton {
namespace {

absl::Status NeedsClasses(absl::string_view kind) {
  return absl::InvalidArgumentError(absl::StrCat("train.model.", kind,
                                                 " predicts a class, but load.task is REGRESSION;"
                                                 " choose train.model.linear or train.model.mlp"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Model>> BuildModel(const ModelConfig& config, const DataShape& shape) {
  const bool regression = shape.classes == 0;
  switch (config.kind_case()) {
    case ModelConfig::kLinear:
      if (!regression) {
        return absl::InvalidArgumentError(
            "train.model.linear predicts a number, but load.task is CLASSIFICATION; choose train.model.logistic or "
            "train.model.mlp");
      }
      return std::make_unique<Mlp>(std::vector<int64_t>{shape.features, 1}, MlpConfig::RELU, 0, true);
    case ModelConfig::kLogistic:
      if (regression) return NeedsClasses("logistic");
      return std::make_unique<Mlp>(std::vector<int64_t>{shape.features, shape.classes}, MlpConfig::RELU, 0, false);
    case ModelConfig::kMlp: {
      const MlpConfig& mlp = config.mlp();
      if (mlp.hidden_sizes().empty()) {
        return absl::InvalidArgumentError("train.model.mlp.hidden_sizes is empty; give the widths, e.g. [64, 32]");
      }
      std::vector<int64_t> sizes = {shape.features};
      for (const uint32_t hidden : mlp.hidden_sizes()) {
        if (hidden == 0) return absl::InvalidArgumentError("train.model.mlp.hidden_sizes has a width of 0");
        sizes.push_back(hidden);
      }
      sizes.push_back(regression ? 1 : shape.classes);
      return std::make_unique<Mlp>(sizes, mlp.activation(), mlp.dropout(), regression);
    }
    case ModelConfig::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      "train.model is not set; choose linear {}, logistic {} or mlp { hidden_sizes: 64 }");
}

}  // namespace baton
