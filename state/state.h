#ifndef BATON_STATE_STATE_H_
#define BATON_STATE_STATE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "optim/flat_tensors.h"
#include "state/group_names.h"
#include "state/history.h"
#include "state/state.pb.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// Tensors that are copied, saved and compared together.
struct TensorGroup {
  std::string name;  // one of state/group_names.h, or another that IsGroupName() takes
  FlatTensors tensors;
};

// All that training needs to go on as if it had never stopped, and all that inference needs. There is no random state:
// randomness is a function of the seed and of the counters (base/random.h). Not thread-safe. Copying shares the
// tensors' memory; CopyTo does not.
struct State {
  // Those that there are, in the order of state/group_names.h. The average and the optimizer's slots have the model's
  // layout, the average of the buffers that of the buffers. All that is done with a State loops over them: a new kind
  // of tensor is one more group.
  std::vector<TensorGroup> groups;

  History history;
  // Counters, sums since the last measurement, early stopping, the scheduler's horizon, the key.
  TrainingProgress progress;
  Environment environment;

  // Named bytes: they lie in the snapshot as files, to the letter. Empty where there are none.
  std::string vocabulary;
  std::string tokenizer;
  // Others that inference needs, by file name: the dataset's index with its scaling, the model's configuration.
  std::map<std::string, std::string> attachments;

  // Null if there is none.
  const FlatTensors* Find(absl::string_view group) const;
  // Without tensors where there is none.
  const FlatTensors& model() const;
  const FlatTensors* buffers() const { return Find(kBuffersGroup); }
  // What the model is used with: validated, chosen as the best, evaluated. The averages where there are any, else the
  // model's own.
  const FlatTensors& weights() const;
  const FlatTensors* weights_buffers() const;
  // Where the model is; the CPU where there is none.
  at::Device device() const;

  // With tensors of its own on `device`.
  State CopyTo(at::Device device) const;
};

// Of all groups, by name: what a State consists of, without its tensors.
using GroupLayouts = std::vector<std::pair<std::string, std::shared_ptr<const FlatLayout>>>;
GroupLayouts LayoutsOf(const State& state);

// A tensor of a State; shares its memory, and points to names in it.
struct NamedTensor {
  absl::string_view group;
  absl::string_view name;
  at::Tensor tensor;
};
// All of them, group by group, in each in the layout's order.
std::vector<NamedTensor> AllTensors(const State& state);

// How two models differ, one line each: a tensor of the model or its buffers that one lacks, shapes, values (how many
// differ and by how much at most). Empty if they are equal. Optimizers, counters and the like are not looked at.
std::vector<std::string> CompareModels(const State& a, const State& b);

// The models are equal: names, shapes and values. Not whether training would go on alike: that is Identical().
bool operator==(const State& a, const State& b);

// How anything differs, bit for bit: tensors, history, progress, named bytes. The environment and the device, which say
// where and not what, are left out. Empty if nothing does.
std::vector<std::string> Differences(const State& a, const State& b);
bool Identical(const State& a, const State& b);

// For people: counters, the best and the last measurement, and each tensor with type and shape, and of its finite
// values mean, standard deviation, norm, least and greatest, and how many are NaN or infinite. `on_bytes`, if given, is
// called with the bytes of each tensor that was looked at.
std::string PrettyPrint(const State& state, const std::function<void(uint64_t bytes)>& on_bytes = nullptr);

}  // namespace baton

#endif  // BATON_STATE_STATE_H_
