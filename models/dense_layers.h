#ifndef BATON_MODELS_DENSE_LAYERS_H_
#define BATON_MODELS_DENSE_LAYERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "models/activation.h"
#include "models/model.h"

namespace baton {

// Linear maps with an activation and dropout between them: a part of models. Weights and biases start uniform within
// 1/sqrt(fan-in), as PyTorch's Linear, and are named "layers.0.weight", "layers.0.bias", and so on. Thread-safe.
class DenseLayers {
 public:
  // `sizes` from the number of inputs to the number of outputs, at least two.
  DenseLayers(const std::vector<int64_t>& sizes, Activation activation, double dropout);

  const std::vector<ParameterSpec>& parameters() const { return parameters_; }

  // [rows, inputs] to [rows, outputs]. `parameters` and `context` are the model's.
  at::Tensor Forward(const at::Tensor& inputs, const NamedTensors& parameters, const ForwardContext& context) const;
  // The same without autograd, for a model that is nothing else: no gradient with respect to the inputs is computed.
  TrainingPass ForwardToTrain(const at::Tensor& inputs, const NamedTensors& parameters,
                              const ForwardContext& context) const;

  // Internal.
  struct Layers;

 private:
  Layers LayersOf(const NamedTensors& parameters, const ForwardContext& context) const;

  const std::vector<ParameterSpec> parameters_;  // weight, bias, weight, bias ...
  const Activation activation_;
  const double dropout_;
};

}  // namespace baton

#endif  // BATON_MODELS_DENSE_LAYERS_H_
