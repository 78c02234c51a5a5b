#include "state/state.h"

namespace baton {

State State::CopyTo(at::Device device) const {
  State copy = *this;
  copy.model = model.CopyTo(device);
  if (ema.has_value()) copy.ema = ema->CopyTo(device);
  for (auto& [name, tensor] : copy.criterion) tensor = tensor.to(device, /*non_blocking=*/false, /*copy=*/true);
  for (auto& [slot, tensors] : copy.optimizer) tensors = tensors.CopyTo(device);
  return copy;
}

}  // namespace baton
