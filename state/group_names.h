#ifndef BATON_STATE_GROUP_NAMES_H_
#define BATON_STATE_GROUP_NAMES_H_

#include <string>

#include "absl/strings/string_view.h"

namespace baton {

// Names of State's groups of tensors, and where a snapshot has them. Free of torch.

// The parameters that training changes.
inline constexpr char kModelGroup[] = "model";
// What the model itself changes while it is trained, e.g. running means.
inline constexpr char kBuffersGroup[] = "buffers";
// Averages of both over the steps.
inline constexpr char kAverageGroup[] = "average";
inline constexpr char kAverageBuffersGroup[] = "average_buffers";
inline constexpr char kCriterionGroup[] = "criterion";
// Of a group an optimizer slot, e.g. "optimizer/exp_avg".
inline constexpr char kOptimizerPrefix[] = "optimizer/";

// "optimizer/SLOT".
std::string OptimizerGroup(absl::string_view slot);

// "A" or "A/B": A of lower-case letters and "_", B of anything but "/"; neither empty.
bool IsGroupName(absl::string_view name);

// The file in a snapshot's folder: "A.safetensors" of the group "A" and of "A/B".
std::string GroupFile(absl::string_view group);
// The name of a tensor in that file: TENSOR of the group "A", "B/TENSOR" of "A/B".
std::string NameInFile(absl::string_view group, absl::string_view tensor);

}  // namespace baton

#endif  // BATON_STATE_GROUP_NAMES_H_
