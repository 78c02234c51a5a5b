// The linear, the logistic and the MLP model: fully connected networks (models/dense_layers.h) over all of an example's
// features as one vector, whatever their shape. For a regression the one output's dimension is dropped: [rows] instead
// of [rows, 1].

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "models/dense_layers.h"
#include "models/model_registry.h"

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
  TrainingPass ForwardToTrain(const NamedTensors& parameters, const Batch& batch,
                              const ForwardContext& context) const override {
    const at::Tensor& features = batch.tensors.at("features");
    TrainingPass pass =
        layers_.ForwardToTrain(features.dim() == 2 ? features : features.flatten(1), parameters, context);
    if (!squeeze_) return pass;
    return {pass.outputs.squeeze(-1), [backward = std::move(pass.backward)](const at::Tensor& output_gradient) {
              backward(output_gradient.unsqueeze(-1));
            }};
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

absl::StatusOr<std::unique_ptr<Model>> BuildLinear(const LinearConfig&, const DataShape& shape,
                                                   absl::string_view path) {
  return Build(path, {}, shape, MlpConfig::RELU, 0);
}

absl::StatusOr<std::unique_ptr<Model>> BuildLogistic(const LogisticConfig&, const DataShape& shape,
                                                     absl::string_view path) {
  return Build(path, {}, shape, MlpConfig::RELU, 0);
}

absl::StatusOr<std::unique_ptr<Model>> BuildMlp(const MlpConfig& config, const DataShape& shape,
                                                absl::string_view path) {
  return Build(path, {config.hidden_sizes().begin(), config.hidden_sizes().end()}, shape, config.activation(),
               config.dropout());
}

const ModelRegistration<LinearConfig> linear(BuildLinear);
const ModelRegistration<LogisticConfig> logistic(BuildLogistic);
const ModelRegistration<MlpConfig> mlp(BuildMlp);

}  // namespace
}  // namespace baton
