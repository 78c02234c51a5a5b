#include "models/activation.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tanh_backward.h>
#include <ATen/ops/threshold_backward.h>

#include "third_party/torch_end.h"

namespace baton {

at::Tensor Activate(const at::Tensor& x, Activation activation) {
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

bool GradientFollowsFromResult(Activation activation) { return activation != MlpConfig::GELU; }

void ActivateInPlace(const at::Tensor& x, Activation activation) {
  switch (activation) {
    case MlpConfig::RELU:
      x.relu_();
      break;
    case MlpConfig::TANH:
      x.tanh_();
      break;
    case MlpConfig::GELU:
      at::gelu_(const_cast<at::Tensor&>(x));
      break;
  }
}

at::Tensor ActivateBackward(const at::Tensor& gradient, const at::Tensor& saved, Activation activation) {
  switch (activation) {
    case MlpConfig::RELU:
      return at::threshold_backward(gradient, saved, 0);
    case MlpConfig::TANH:
      return at::tanh_backward(gradient, saved);
    case MlpConfig::GELU:
      return at::gelu_backward(gradient, saved);
  }
  return gradient;
}

}  // namespace baton
