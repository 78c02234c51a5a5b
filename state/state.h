#ifndef BATON_STATE_STATE_H_
#define BATON_STATE_STATE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "optim/flat_tensors.h"
#include "state/state.pb.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// All that training needs to go on as if it had never stopped, and all that inference needs. There is no random state:
// randomness is a function of the seed and of the counters (base/random.h). Not thread-safe. Copying shares the
// tensors' memory; CopyTo does not.
struct State {
  FlatTensors model;
  // Exponential moving average of the model's parameters, of the same layout; absent where none is configured.
  std::optional<FlatTensors> ema;
  // By name, e.g. "class_weights".
  std::vector<std::pair<std::string, at::Tensor>> criterion;
  // By the slot's name, e.g. "exp_avg"; each has the model's layout.
  std::vector<std::pair<std::string, FlatTensors>> optimizer;

  // Counters, the unfinished epoch's sums, history, early stopping, the scheduler's horizon, the key.
  TrainingProgress progress;
  Environment environment;

  // Named bytes: they lie in the snapshot as files, to the letter. Empty where there are none.
  std::string vocabulary;
  std::string tokenizer;
  // Others that inference needs, by file name: the dataset's index with its scaling, the model's configuration.
  std::map<std::string, std::string> attachments;

  at::Device device() const { return model.flat().device(); }
  // The parameters that the model is used with: validated, chosen as the best, evaluated. The average where there is
  // one, else the model's own.
  const FlatTensors& weights() const { return ema.has_value() ? *ema : model; }
  // With tensors of its own on `device`.
  State CopyTo(at::Device device) const;
};

// How two models differ, one line each: a parameter that one lacks, shapes, values (how many differ and by how much at
// most). Empty if they are equal. Optimizers, counters and the like are not looked at.
std::vector<std::string> CompareModels(const State& a, const State& b);

// The models are equal: names, shapes and values. Not whether training would go on alike: that is Identical().
bool operator==(const State& a, const State& b);

// How anything differs, bit for bit: model, average, criterion, optimizer, progress, named bytes. The environment and
// the device, which say where and not what, are left out. Empty if nothing does.
std::vector<std::string> Differences(const State& a, const State& b);
bool Identical(const State& a, const State& b);

// For people: counters, best epoch, last losses, and each tensor with type and shape, and of its finite values mean,
// standard deviation, norm, least and greatest, and how many are NaN or infinite. `on_bytes`, if given, is called with
// the bytes of each tensor that was looked at.
std::string PrettyPrint(const State& state, const std::function<void(uint64_t bytes)>& on_bytes = nullptr);

}  // namespace baton

#endif  // BATON_STATE_STATE_H_
