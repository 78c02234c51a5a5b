#ifndef BATON_STATE_NAMED_TENSORS_H_
#define BATON_STATE_NAMED_TENSORS_H_

#include <string>
#include <vector>

#include "state/state.h"

namespace baton {

// A tensor of a State under the names that it has in a snapshot.
struct NamedTensor {
  // "optimizer.safetensors".
  std::string file;
  // "exp_avg/layers.0.weight".
  std::string name;
  // Shares the State's memory.
  at::Tensor tensor;
};

// All of them: model, moving average, criterion, optimizer; in each, in the model's order.
std::vector<NamedTensor> AllTensors(const State& state);

}  // namespace baton

#endif  // BATON_STATE_NAMED_TENSORS_H_
