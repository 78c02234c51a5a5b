#ifndef BATON_STATE_STATE_DIFFERENCE_H_
#define BATON_STATE_STATE_DIFFERENCE_H_

#include <cstdint>
#include <functional>

#include "state/inspect.pb.h"
#include "state/state.h"

namespace baton {

// How two States differ, in numbers: every tensor whose bits, type or shape are not the same or that one lacks, every
// field of the progress, every named file, and the environments. `a` and `b` of the result are left to the caller.
// `identical` says what Identical() says. `on_bytes`, if given, is called with the bytes of those of `a`'s tensors that
// were compared since.
SnapshotDifference CompareStates(const State& a, const State& b,
                                 const std::function<void(uint64_t bytes)>& on_bytes = nullptr);

}  // namespace baton

#endif  // BATON_STATE_STATE_DIFFERENCE_H_
