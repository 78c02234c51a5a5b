#ifndef BATON_PIPELINE_PLAN_AMEND_H_
#define BATON_PIPELINE_PLAN_AMEND_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/key.h"
#include "metadata/metadata.pb.h"

namespace baton {

// --allow_changes: training goes on from its newest snapshot with other values than it was begun with. What comes of it
// is no function of the new values alone, so it has a key of its own: the new values, the key under which training was,
// and the step from which on they hold. Its snapshots lie under that key; what stands under the old one stays.
//
// What a training is about cannot be changed on its way: the data, the seed, the model, the loss, the metric that
// chooses the best snapshot, and the weights that it began with. For that, begin another training, with the weights of
// this one if they are wanted (train.initial_weights).

// A key input that changed; a value is empty where it is not set.
struct InputChange {
  std::string name;
  std::string old_value;
  std::string new_value;
};

// What changed between the recorded stage and `inputs`; what the record says of an amendment before is no change.
std::vector<InputChange> ChangesSince(const StageRun& recorded, const KeyInputs& inputs);

// An input's value for people: where it is not set, what holds then.
std::string ShownValue(const std::string& name, const std::string& value);

// "\n  name: old -> new" for each.
std::string ChangeLines(const std::vector<InputChange>& changes);

// Whether all of them can be changed on the way.
bool CanBeAllowed(const std::vector<InputChange>& changes);

// OK if `allowed` covers every change: it has its name, or the beginning of it up to a dot. InvalidArgument names the
// others, or what cannot be changed on the way.
absl::Status CheckAllowed(const std::vector<InputChange>& changes, const std::vector<std::string>& allowed);

// OK if each of `allowed` is the path of a field of the configuration. InvalidArgument suggests the nearest one.
absl::Status CheckAllowedNames(const std::vector<std::string>& allowed);

// The key of the training that goes on with `inputs` from `step` of the recorded one.
KeyInputs AmendedKey(const KeyInputs& inputs, const StageRun& recorded, uint64_t step);

// As the record keeps them.
std::vector<Amendment> MakeAmendments(const std::vector<InputChange>& changes, const StageRun& recorded,
                                      const KeyInputs& amended, uint64_t step);

}  // namespace baton

#endif  // BATON_PIPELINE_PLAN_AMEND_H_
