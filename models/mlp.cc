#include "models/mlp.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "models/dropout.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/tanh.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

std::vector<ParameterSpec> Parameters(const std::vector<int64_t>& sizes) {
  std::vector<ParameterSpec> parameters;
  for (size_t layer = 0; layer + 1 < sizes.size(); ++layer) {
    const int64_t in = sizes[layer];
    const int64_t out = sizes[layer + 1];
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    const std::string name = absl::StrCat("layers.", layer);
    parameters.push_back(
        {.name = name + ".weight", .shape = {out, in}, .weight_decay = true, .initial = InitialUniform{bound}});
    parameters.push_back(
        {.name = name + ".bias", .shape = {out}, .weight_decay = false, .initial = InitialUniform{bound}});
  }
  return parameters;
}

at::Tensor Activate(const at::Tensor& x, MlpConfig::Activation activation) {
  switch (activation) {
    case MlpConfig::RELU:
      return at::relu(x);
    case MlpConfig::TANH:
      return at::tanh(x);
    case MlpConfig::GELU:
      return at::gelu(x);
  }
  return x;
}

}  // namespace

Mlp::Mlp(const std::vector<int64_t>& sizes, MlpConfig::Activation activation, double dropout, bool squeeze)
    : Model(Parameters(sizes)),
      layers_(static_cast<int>(sizes.size()) - 1),
      activation_(activation),
      dropout_(dropout),
      squeeze_(squeeze) {}

at::Tensor Mlp::Forward(absl::Span<const at::Tensor> parameters, const Batch& batch,
                        std::optional<at::Generator> generator) const {
  at::Tensor x = batch.tensors.at("features");
  for (int layer = 0; layer < layers_; ++layer) {
    x = at::linear(x, parameters[2 * layer], parameters[2 * layer + 1]);
    if (layer + 1 < layers_) x = Dropout(Activate(x, activation_), dropout_, generator);
  }
  return squeeze_ ? x.squeeze(-1) : x;
}

}  // namespace baton
