#ifndef BATON_BASE_LOCK_H_
#define BATON_BASE_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace baton {

// A lock between processes on a file: an open-file-description lock, which the kernel drops when its holder dies.
// Close- on-exec. An exclusive holder writes host, pid and start time into the file, for people and for the error
// message; the lock itself does not depend on what stands there.
class FileLock {
 public:
  enum class Mode { kShared, kExclusive };

  // Makes the file (its folder must be there). Does not wait: Unavailable, naming the holder, if it is held in a way
  // that conflicts.
  static absl::StatusOr<std::unique_ptr<FileLock>> Acquire(const std::string& path, Mode mode);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace baton

#endif  // BATON_BASE_LOCK_H_
