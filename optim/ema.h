#ifndef BATON_OPTIM_EMA_H_
#define BATON_OPTIM_EMA_H_

#include "optim/config.pb.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// Takes the weights after a step into their average, in place, as torch.optim.swa_utils.get_ema_multi_avg_fn(decay)
// does: after the first step they are the average. Both have the same shape; a part may be updated at a time, and
// different parts from any threads. Throws what libtorch throws.
void UpdateEma(const EmaConfig& config, bool first_step, const at::Tensor& weights, const at::Tensor& average);

}  // namespace baton

#endif  // BATON_OPTIM_EMA_H_
