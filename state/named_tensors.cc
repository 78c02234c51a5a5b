#include "state/named_tensors.h"

#include "absl/strings/str_cat.h"
#include "state/snapshot_index.h"

namespace baton {
namespace {

void Add(const char* file, absl::string_view prefix, const FlatTensors& tensors, std::vector<NamedTensor>& all) {
  for (size_t i = 0; i < tensors.views().size(); ++i) {
    all.push_back({file, absl::StrCat(prefix, tensors.layout().entries[i].name), tensors.views()[i]});
  }
}

}  // namespace

std::vector<NamedTensor> AllTensors(const State& state) {
  std::vector<NamedTensor> all;
  Add(kSnapshotModelFile, "", state.model, all);
  if (state.ema.has_value()) Add(kSnapshotEmaFile, "", *state.ema, all);
  for (const auto& [name, tensor] : state.criterion) all.push_back({kSnapshotCriterionFile, name, tensor});
  for (const auto& [slot, tensors] : state.optimizer) {
    Add(kSnapshotOptimizerFile, absl::StrCat(slot, "/"), tensors, all);
  }
  return all;
}

}  // namespace baton
