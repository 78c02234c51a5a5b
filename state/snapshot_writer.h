#ifndef BATON_STATE_SNAPSHOT_WRITER_H_
#define BATON_STATE_SNAPSHOT_WRITER_H_

#include <functional>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "state/retention.h"
#include "state/snapshot_store.h"
#include "state/staging.h"
#include "state/state.h"

namespace baton {

// Writes snapshots on a thread of its own while training goes on. The State is copied into memory that is there
// already, by that thread too, while training computes the next gradient; digests, files, syncs and the removal of old
// snapshots are the thread's, at a lower priority. One snapshot is in flight at a time, so memory for one more State is
// all that it takes, on the CPU, whatever the State's device.
//
// Save(), FinishCopy(), Wait() and the destructor are for one thread at a time; status() for any.
class SnapshotWriter {
 public:
  enum class Importance {
    kPeriodic,  // left out while another one is in flight
    kRequired,  // waits until the one in flight is durable
  };

  struct Options {
    RetentionPolicy retention;
    // Called right before a snapshot appears under its name, which an error prevents. May be null.
    std::function<absl::Status()> before_commit = nullptr;
    // Called with the State as it was saved after each snapshot is durable and what the policy does not keep is
    // removed, in the order of the calls of Save(). May be null.
    std::function<absl::Status(const State& saved)> on_durable = nullptr;
  };

  // For States with tensors like those of `state`, whose values are not looked at: the thread begins with making memory
  // for them. `store` must outlive it. Both functions are called on the thread.
  SnapshotWriter(SnapshotStore& store, Options options, const State& state);
  // Finishes what is in flight; its failure is lost: call Wait() before.
  ~SnapshotWriter();
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;

  // Begins to save `state`. Its tensors may be read, but not be changed or freed before FinishCopy(); all else of it
  // may be changed at once. False, and nothing is done, where a periodic one is left out. Fails with the first failure
  // so far, also one of an earlier snapshot; InvalidArgument if the State's tensors are not like those of the
  // constructor's.
  absl::StatusOr<bool> Save(const State& state, Importance importance) ABSL_LOCKS_EXCLUDED(mutex_);

  // Returns when the State of the last Save() is copied: helps with what is left of that. To be called before anything
  // changes the tensors; costs next to nothing where all is copied, or nothing was ever saved.
  void FinishCopy();

  // The first failure so far, of any step of any snapshot: nothing is saved after it. Cheap.
  absl::Status status() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits until everything is copied and durable; the same as status() then.
  absl::Status Wait() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  enum class Phase { kPreparing, kIdle, kWriting };

  void Loop();
  absl::Status Write();
  void AwaitIdle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Constant after construction.
  SnapshotStore& store_;
  const Options options_;

  // The copy that is written, and what makes it. The thread's while it prepares or writes, else that of the caller of
  // Save(); but either may call copy_->Finish().
  State staged_;
  std::optional<SharedCopy> copy_;

  mutable absl::Mutex mutex_;
  Phase phase_ ABSL_GUARDED_BY(mutex_) = Phase::kPreparing;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;  // the last member: it uses all others
};

}  // namespace baton

#endif  // BATON_STATE_SNAPSHOT_WRITER_H_
