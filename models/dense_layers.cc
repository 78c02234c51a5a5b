#include "models/dense_layers.h"

#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "models/dropout.h"

#include "third_party/torch_begin.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sum.h>
#include <torch/csrc/autograd/custom_function.h>

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

}  // namespace

// What the layers work with: weight, bias, weight, bias ...
struct DenseLayers::Layers {
  std::vector<at::Tensor> parameters;
  std::vector<at::Tensor> gradients;  // where those of the parameters are wanted; empty: anywhere
  Activation activation = MlpConfig::RELU;
  double dropout = 0;
  std::optional<at::Generator> generator;

  size_t size() const { return parameters.size() / 2; }
  const at::Tensor& weight(size_t layer) const { return parameters[2 * layer]; }
  const at::Tensor& bias(size_t layer) const { return parameters[2 * layer + 1]; }
};

namespace {

using Layers = DenseLayers::Layers;

// What the backward pass needs of a layer.
struct Saved {
  at::Tensor inputs;
  at::Tensor activation;  // for ActivateBackward; undefined in the last layer
  at::Tensor mask;        // of dropout; undefined without
};

// `saved`, if given, gets one element a layer.
at::Tensor Forward(const Layers& layers, at::Tensor x, std::vector<Saved>* saved) {
  const bool drop = layers.generator.has_value() && layers.dropout > 0;
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    Saved kept{.inputs = x, .activation = {}, .mask = {}};
    x = at::addmm(layers.bias(layer), x, layers.weight(layer).t());
    if (layer + 1 < layers.size()) {
      kept.activation = x;
      if (saved == nullptr || GradientFollowsFromResult(layers.activation)) {
        ActivateInPlace(x, layers.activation);
      } else {
        x = Activate(x, layers.activation);
      }
      if (drop) {
        kept.mask = DropoutMask(x, layers.dropout, *layers.generator);
        x = x.is_same(kept.activation) ? x.mul(kept.mask) : x.mul_(kept.mask);
      }
    }
    if (saved != nullptr) saved->push_back(std::move(kept));
  }
  return x;
}

// Writes the gradients of the parameters to `places`, and gives that of the inputs where it is wanted.
at::Tensor Backward(const Layers& layers, const std::vector<Saved>& kept, at::Tensor gradient, bool of_inputs,
                    std::vector<at::Tensor>& places) {
  for (size_t layer = layers.size(); layer-- > 0;) {
    const Saved& saved = kept[layer];
    if (saved.mask.defined()) gradient = gradient.mul(saved.mask);
    if (saved.activation.defined()) gradient = ActivateBackward(gradient, saved.activation, layers.activation);
    at::mm_out(places[2 * layer], gradient.t(), saved.inputs);
    at::sum_out(places[2 * layer + 1], gradient, 0);
    if (layer > 0 || of_inputs) gradient = at::mm(gradient, layers.weight(layer));
  }
  return of_inputs ? gradient : at::Tensor();
}

// Forward and backward of all layers by hand: a node of the autograd graph instead of five a layer, activations in
// place, and the parameters' gradients written where they are wanted.
class DenseFunction : public torch::autograd::Function<DenseFunction> {
 public:
  // The tensors are given once more, for autograd to see them: it looks for them among the arguments.
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& inputs,
                            at::TensorList /*parameters*/, const Layers& layers) {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    auto state = c10::make_intrusive<State>();
    state->layers = layers;
    const at::Tensor outputs = Forward(layers, inputs, &state->saved);
    context->saved_data["state"] = c10::IValue::make_capsule(std::move(state));
    return outputs;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list outputs) {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const auto state = c10::static_intrusive_pointer_cast<State>(context->saved_data["state"].toCapsule());
    const Layers& layers = state->layers;
    std::vector<at::Tensor> places;
    for (size_t i = 0; i < layers.parameters.size(); ++i) places.push_back(Place(layers, i));
    torch::autograd::variable_list gradients(layers.parameters.size() + 2);  // of the inputs, and none of the layers
    gradients[0] = Backward(layers, state->saved, std::move(outputs[0]), context->needs_input_grad(0), places);
    std::move(places.begin(), places.end(), gradients.begin() + 1);
    return gradients;
  }

 private:
  struct State : torch::CustomClassHolder {
    Layers layers;
    std::vector<Saved> saved;
  };

  // A tensor of its own over the memory: autograd takes one that nobody else holds as it is, and copies others.
  static at::Tensor Place(const Layers& layers, size_t parameter) {
    return layers.gradients.empty() ? at::empty_like(layers.parameters[parameter])
                                    : layers.gradients[parameter].detach();
  }
};

}  // namespace

DenseLayers::DenseLayers(const std::vector<int64_t>& sizes, Activation activation, double dropout)
    : parameters_(Parameters(sizes)), activation_(activation), dropout_(dropout) {}

DenseLayers::Layers DenseLayers::LayersOf(const NamedTensors& parameters, const ForwardContext& context) const {
  Layers layers{.parameters = {},
                .gradients = {},
                .activation = activation_,
                .dropout = context.training ? dropout_ : 0,
                .generator = context.generator};
  for (const ParameterSpec& parameter : parameters_) {
    layers.parameters.push_back(parameters[parameter.name]);
    if (!context.gradients.empty()) layers.gradients.push_back(context.gradients[parameter.name]);
  }
  return layers;
}

at::Tensor DenseLayers::Forward(const at::Tensor& inputs, const NamedTensors& parameters,
                                const ForwardContext& context) const {
  const Layers layers = LayersOf(parameters, context);
  if (!at::GradMode::is_enabled()) return baton::Forward(layers, inputs, nullptr);
  return DenseFunction::apply(inputs, at::TensorList(layers.parameters), layers);
}

TrainingPass DenseLayers::ForwardToTrain(const at::Tensor& inputs, const NamedTensors& parameters,
                                         const ForwardContext& context) const {
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  struct Pass {
    Layers layers;
    std::vector<Saved> saved;
  };
  const auto pass = std::make_shared<Pass>(Pass{LayersOf(parameters, context), {}});
  at::Tensor outputs = baton::Forward(pass->layers, inputs, &pass->saved);
  return {std::move(outputs), [pass](const at::Tensor& output_gradient) {
            const at::AutoDispatchBelowADInplaceOrView below_autograd;
            Backward(pass->layers, pass->saved, output_gradient, /*of_inputs=*/false, pass->layers.gradients);
          }};
}

}  // namespace baton
