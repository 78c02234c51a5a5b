#ifndef BATON_STATE_STAGING_H_
#define BATON_STATE_STAGING_H_

#include <atomic>
#include <cstddef>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "state/state.h"

namespace baton {

// A State with tensors like those of `like`, on the CPU, and nothing else in it. Their memory has been written to, so
// that copying into it is at the speed of memory: without page faults, which take longer than the copy. Looks at names
// and layouts alone, so values may change meanwhile.
State MakeStaging(const State& like);

// Bytes that one thread copies at a time.
struct CopyPiece {
  const char* from;
  char* to;
  size_t size;
};

// What is left to do to have `state`, from whatever device it is on, in the memory of `staged`, which MakeStaging made
// for States that share its layout. All but tensors in the CPU's memory is copied when it returns; takes no memory for
// tensors. InvalidArgument, with `staged` in no particular state, if the two have other tensors; libtorch's errors as
// Status.
absl::StatusOr<std::vector<CopyPiece>> BeginCopy(const State& state, State& staged);

// A copy that any number of threads make together.
class SharedCopy {
 public:
  explicit SharedCopy(std::vector<CopyPiece> pieces);

  // Copies pieces until all are taken, and waits for those that others took. For any thread, at any time.
  void Finish() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const std::vector<CopyPiece> pieces_;
  std::atomic<size_t> taken_ = 0;
  absl::Mutex mutex_;
  size_t left_ ABSL_GUARDED_BY(mutex_);  // to be copied or being copied
};

}  // namespace baton

#endif  // BATON_STATE_STAGING_H_
