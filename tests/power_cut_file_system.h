#ifndef BATON_TESTS_POWER_CUT_FILE_SYSTEM_H_
#define BATON_TESTS_POWER_CUT_FILE_SYSTEM_H_

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/file_system.h"
#include "base/testing/faulty_file_system.h"
#include "tests/disk_model.h"

namespace baton {

// For tests: files whose power can be cut. It works on real files, does not wait for the disk, and keeps beside them
// what of a folder is durable; CutPower() then makes the folder what a disk may hold. What is opened below the folder
// otherwise than through it is not known to it, and gone after a cut. Thread-safe.
class PowerCutFileSystem : public Unsynced {
 public:
  // All that is in `folder` (absolute, and there) counts as durable.
  explicit PowerCutFileSystem(std::string folder) : disk_(std::move(folder)) {}

  // Replaces all that is in the folder. May be called again, for what else the disk may hold after the same cut. Files
  // that are still open must not be used any more.
  void CutPower(const Survival& survival) const ABSL_LOCKS_EXCLUDED(mutex_);

  int Open(const std::string& path, int flags, mode_t mode) override ABSL_LOCKS_EXCLUDED(mutex_);
  int64_t Write(int fd, const void* data, size_t size) override ABSL_LOCKS_EXCLUDED(mutex_);
  int Sync(int fd) override ABSL_LOCKS_EXCLUDED(mutex_);
  int Close(int fd) override ABSL_LOCKS_EXCLUDED(mutex_);
  int Rename(const std::string& from, const std::string& to) override ABSL_LOCKS_EXCLUDED(mutex_);
  int RenameExclusive(const std::string& from, const std::string& to) override ABSL_LOCKS_EXCLUDED(mutex_);
  int Link(const std::string& from, const std::string& to) override ABSL_LOCKS_EXCLUDED(mutex_);
  int Unlink(const std::string& path) override ABSL_LOCKS_EXCLUDED(mutex_);
  int MakeDirectory(const std::string& path) override ABSL_LOCKS_EXCLUDED(mutex_);
  int RemoveDirectory(const std::string& path) override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct OpenFile {
    DiskModel::NodePointer node;
    size_t offset = 0;
  };

  mutable absl::Mutex mutex_;
  DiskModel disk_ ABSL_GUARDED_BY(mutex_);
  std::map<int, OpenFile> open_ ABSL_GUARDED_BY(mutex_);  // those below the folder
};

}  // namespace baton

#endif  // BATON_TESTS_POWER_CUT_FILE_SYSTEM_H_
