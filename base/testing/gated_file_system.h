#ifndef BATON_BASE_TESTING_GATED_FILE_SYSTEM_H_
#define BATON_BASE_TESTING_GATED_FILE_SYSTEM_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/testing/faulty_file_system.h"

namespace baton {

// For tests: whoever opens a file waits until the gate is open. A disk as slow as the test wants it to be. Thread-safe.
class GatedFileSystem : public Unsynced {
 public:
  explicit GatedFileSystem(bool open = true) : open_(open) {}

  int Open(const std::string& path, int flags, mode_t mode) override {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&open_));
    return Unsynced::Open(path, flags, mode);
  }
  void SetOpen(bool open) {
    absl::MutexLock lock(&mutex_);
    open_ = open;
  }

 private:
  absl::Mutex mutex_;
  bool open_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baton

#endif  // BATON_BASE_TESTING_GATED_FILE_SYSTEM_H_
