#ifndef BATON_BASE_LOCK_H_
#define BATON_BASE_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace baton {

// A lock between processes on a file: an open-file-description lock, which the kernel drops when its holder dies and
// which a child does not keep over exec. Two holders in one process exclude each other as well. An exclusive holder
// writes host, pid and time into the file, for people and for the error message; the lock itself does not depend on
// what stands there.
class FileLock {
 public:
  enum class Mode { kShared, kExclusive };

  // Makes the file (its folder must be there). Does not wait: Unavailable, naming the holder, if it is held in a way
  // that conflicts; FailedPrecondition if the file system has no locks. A shared lock works in a read-only folder, too,
  // if the file is there.
  static absl::StatusOr<std::unique_ptr<FileLock>> Acquire(const std::string& path, Mode mode);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  FileLock(int fd, bool named) : fd_(fd), named_(named) {}
  const int fd_;
  bool named_;  // this holder's name stands in the file
};

}  // namespace baton

#endif  // BATON_BASE_LOCK_H_
