#ifndef BATON_STATE_STAGING_H_
#define BATON_STATE_STAGING_H_

#include "absl/status/status.h"
#include "state/state.h"

namespace baton {

// A State with tensors like those of `like`, on the CPU, and nothing else in it. Their memory has been written to, so
// that copying into it is at the speed of memory: without page faults, which take longer than the copy. Looks at names,
// shapes and types alone, so values may change meanwhile.
State MakeStaging(const State& like);

// Copies `state`, from whatever device it is on, into the memory of `staged`, which MakeStaging made for States that
// share its layout. Complete when it returns; takes no memory for tensors. InvalidArgument, with `staged` in no
// particular state, if the two have other tensors; libtorch's errors as Status.
absl::Status CopyInto(const State& state, State& staged);

}  // namespace baton

#endif  // BATON_STATE_STAGING_H_
