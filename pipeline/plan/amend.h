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

// A key input that changed; a value is empty where it is not set.
struct InputChange {
  std::string name;
  std::string old_value;
  std::string new_value;
};

// What changed between the recorded training and `inputs` (train's, of the configuration of now). The end of a schedule
// that was fixed when training started is no change unless `allowed` names it: it stays where it is.
std::vector<InputChange> TrainingChanges(const StageRun& recorded, const KeyInputs& inputs,
                                         const std::vector<std::string>& allowed);

// Not the initial weights: training that has begun is past them.
bool CanBeAllowed(const InputChange& change);

// OK if `allowed` covers every change: it has its name, or the beginning of it up to a dot. InvalidArgument names the
// others, or what cannot be allowed.
absl::Status CheckAllowed(const std::vector<InputChange>& changes, const std::vector<std::string>& allowed);

// OK if each of `allowed` is the path of a field of the configuration or the name of another input of train's key.
// InvalidArgument suggests the nearest one.
absl::Status CheckAllowedNames(const std::vector<std::string>& allowed);

// The inputs of the training that goes on from `step` of the recorded one.
KeyInputs AmendedInputs(const StageRun& recorded, const KeyInputs& inputs, const std::vector<std::string>& allowed,
                        uint64_t step);

// As the record keeps them.
std::vector<Amendment> MakeAmendments(const std::vector<InputChange>& changes, const StageRun& recorded,
                                      const KeyInputs& amended, uint64_t step);

}  // namespace baton

#endif  // BATON_PIPELINE_PLAN_AMEND_H_
