#ifndef BATON_MODELS_ACTIVATION_H_
#define BATON_MODELS_ACTIVATION_H_

#include "models/config.pb.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

using Activation = MlpConfig::Activation;

// Element by element.
at::Tensor Activate(const at::Tensor& x, Activation activation);

// Whether the gradient follows from the activated values alone, so that they may be written over x.
bool GradientFollowsFromResult(Activation activation);

// Activate(x) written over x.
void ActivateInPlace(const at::Tensor& x, Activation activation);

// The gradient of x, where `gradient` is that of Activate(x). `saved` is x or, where that is enough, Activate(x).
at::Tensor ActivateBackward(const at::Tensor& gradient, const at::Tensor& saved, Activation activation);

}  // namespace baton

#endif  // BATON_MODELS_ACTIVATION_H_
