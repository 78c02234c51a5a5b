#include "optim/ema.h"

namespace baton {

void UpdateEma(const EmaConfig& config, bool first_step, const at::Tensor& weights, const at::Tensor& average) {
  if (first_step) {
    average.copy_(weights);
  } else {
    average.lerp_(weights, 1 - config.decay());
  }
}

}  // namespace baton
