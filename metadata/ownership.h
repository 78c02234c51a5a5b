#ifndef BATON_METADATA_OWNERSHIP_H_
#define BATON_METADATA_OWNERSHIP_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "metadata/metadata.pb.h"

namespace baton {

// The stages, each of which owns the section of its name.
enum class SectionOwner { kLoad, kTrain, kEvaluate };

// "load", "train", "evaluate": the section's field name, and what stands in `committed_by`.
absl::string_view OwnerName(SectionOwner owner);

// OK if `after` differs from `before` at most in the owner's section and in amendments and deviations that were added
// to `run` in the owner's name. Internal otherwise, naming the section: whoever edits another's is a fault in the
// program. The store's own fields are not looked at.
absl::Status CheckOwnership(const Metadata& before, const Metadata& after, SectionOwner owner);

// Whether the two have the same sections, bit for bit. The store's own fields are not looked at.
bool SameSections(const Metadata& before, const Metadata& after);

}  // namespace baton

#endif  // BATON_METADATA_OWNERSHIP_H_
