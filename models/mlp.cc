#include "models/mlp.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "models/dense_layers.h"

namespace baton {
namespace {

class Mlp : public Model {
 public:
  Mlp(DenseLayers layers, bool squeeze) : Model(layers.parameters()), layers_(std::move(layers)), squeeze_(squeeze) {}

  at::Tensor Forward(const NamedTensors& parameters, const Batch& batch, const ForwardContext& context) const override {
    const at::Tensor& features = batch.tensors.at("features");
    const at::Tensor outputs =
        layers_.Forward(features.dim() == 2 ? features : features.flatten(1), parameters, context);
    return squeeze_ ? outputs.squeeze(-1) : outputs;
  }

 private:
  const DenseLayers layers_;
  const bool squeeze_;
};

absl::StatusOr<std::unique_ptr<Model>> Build(absl::string_view field, const std::vector<int64_t>& hidden,
                                             const DataShape& shape, Activation activation, double dropout) {
  const bool regression = shape.classes == 0;
  std::vector<int64_t> sizes = {shape.FeatureCount()};
  sizes.insert(sizes.end(), hidden.begin(), hidden.end());
  sizes.push_back(regression ? 1 : shape.classes);
  DenseLayers layers(sizes, activation, dropout);
  if (const absl::Status sensible = CheckSizes(field, layers.parameters()); !sensible.ok()) return sensible;
  return std::make_unique<Mlp>(std::move(layers), regression);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Model>> BuildLinear(const LinearConfig&, const DataShape& shape) {
  if (shape.classes != 0) {
    return absl::InvalidArgumentError(
        "train.model.linear predicts a number, but load.task is CLASSIFICATION; choose train.model.logistic or "
        "train.model.mlp");
  }
  return Build("train.model.linear", {}, shape, MlpConfig::RELU, 0);
}

absl::StatusOr<std::unique_ptr<Model>> BuildLogistic(const LogisticConfig&, const DataShape& shape) {
  if (shape.classes == 0) {
    return absl::InvalidArgumentError(
        "train.model.logistic predicts a class, but load.task is REGRESSION; choose train.model.linear or "
        "train.model.mlp");
  }
  return Build("train.model.logistic", {}, shape, MlpConfig::RELU, 0);
}

absl::StatusOr<std::unique_ptr<Model>> BuildMlp(const MlpConfig& config, const DataShape& shape) {
  if (config.hidden_sizes().empty()) {
    return absl::InvalidArgumentError("train.model.mlp.hidden_sizes is empty; give the widths, e.g. [64, 32]");
  }
  for (const uint32_t hidden : config.hidden_sizes()) {
    if (hidden == 0) return absl::InvalidArgumentError("train.model.mlp.hidden_sizes has a width of 0");
  }
  return Build("train.model.mlp", {config.hidden_sizes().begin(), config.hidden_sizes().end()}, shape,
               config.activation(), config.dropout());
}

}  // namespace baton
