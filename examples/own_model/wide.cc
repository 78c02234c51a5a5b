// The model acme.wide, in programs that compute.

#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "examples/own_model/wide.pb.h"
#include "models/model.h"
#include "models/model_registry.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/linear.h>
#include <ATen/ops/prelu.h>

#include "third_party/torch_end.h"

namespace acme {
namespace {

using baton::InitialUniform;
using baton::InitialZeros;
using baton::ParameterSpec;

std::vector<ParameterSpec> Parameters(int64_t features, int64_t width, int64_t outputs, bool output_bias) {
  const InitialUniform hidden{1 / std::sqrt(static_cast<double>(features))};
  const InitialUniform output{1 / std::sqrt(static_cast<double>(width))};
  std::vector<ParameterSpec> parameters = {
      {.name = "hidden.weight", .shape = {width, features}, .weight_decay = true, .initial = hidden},
      {.name = "hidden.bias", .shape = {width}, .weight_decay = false, .initial = hidden},
      {.name = "slope", .shape = {width}, .weight_decay = false, .initial = InitialZeros()},
      {.name = "output.weight", .shape = {outputs, width}, .weight_decay = true, .initial = output}};
  if (output_bias) {
    parameters.push_back({.name = "output.bias", .shape = {outputs}, .weight_decay = false, .initial = output});
  }
  return parameters;
}

class Wide : public baton::Model {
 public:
  Wide(const WideConfig& config, const baton::DataShape& shape)
      : Model(Parameters(shape.FeatureCount(), config.width(), shape.classes == 0 ? 1 : shape.classes,
                         config.output_bias())),
        output_bias_(config.output_bias()),
        is_number_(shape.classes == 0) {}

  at::Tensor Forward(const baton::NamedTensors& parameters, const baton::Batch& batch,
                     const baton::ForwardContext&) const override {
    const at::Tensor features = batch.tensors.at("features").flatten(1);
    const at::Tensor hidden =
        at::prelu(at::linear(features, parameters["hidden.weight"], parameters["hidden.bias"]), parameters["slope"]);
    const at::Tensor outputs =
        at::linear(hidden, parameters["output.weight"], output_bias_ ? parameters["output.bias"] : at::Tensor());
    return is_number_ ? outputs.squeeze(-1) : outputs;
  }

 private:
  const bool output_bias_;
  const bool is_number_;
};

absl::StatusOr<std::unique_ptr<baton::Model>> BuildWide(const WideConfig& config, const baton::DataShape& shape,
                                                        absl::string_view) {
  return std::make_unique<Wide>(config, shape);
}

const baton::ModelRegistration<WideConfig> wide(BuildWide);

}  // namespace
}  // namespace acme
