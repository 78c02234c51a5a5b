#ifndef BATON_METADATA_DERIVE_H_
#define BATON_METADATA_DERIVE_H_

#include "metadata/metadata.pb.h"

namespace baton {

// Sets `run`'s start_time, end_time, time_taken, memory_usage and gpu_usage from the attempts that now stand in the
// stages' sections, as the comments in metadata.proto define them; what no attempt says is absent. An attempt is
// running if it is the newest of a stage whose status is RUNNING: an older one without an end was killed, and counts
// with what its last commit measured.
void DeriveRun(Metadata& record);

}  // namespace baton

#endif  // BATON_METADATA_DERIVE_H_
