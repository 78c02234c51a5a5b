#ifndef BATON_TESTS_FUZZ_MEMORY_FILE_SYSTEM_H_
#define BATON_TESTS_FUZZ_MEMORY_FILE_SYSTEM_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/file_system.h"

namespace baton {

// For tests: files that are nowhere but in memory, so that one made of an input costs microseconds. Paths are absolute
// and normal (no "." or ".."). Time stands still. Thread-safe.
class MemoryFileSystem : public FileSystem {
 public:
  MemoryFileSystem();

  // Puts a file there, and the folders above it.
  void Add(const std::string& path, absl::string_view bytes);

  int Open(const std::string& path, int flags, mode_t mode) override;
  int64_t Write(int fd, const void* data, size_t size) override;
  int64_t ReadAt(int fd, void* data, size_t size, int64_t offset) override;
  int StartWriteback(int, int64_t, int64_t) override { return 0; }
  int Sync(int fd) override;
  int Close(int fd) override;
  int Rename(const std::string& from, const std::string& to) override;
  int RenameExclusive(const std::string& from, const std::string& to) override;
  int Link(const std::string& from, const std::string& to) override;
  int Unlink(const std::string& path) override;
  int MakeDirectory(const std::string& path) override;
  int RemoveDirectory(const std::string& path) override;
  int Stat(const std::string& path, struct stat* result) override;
  int StatOpen(int fd, struct stat* result) override;
  int List(const std::string& path, std::vector<std::string>* names) override;

 private:
  struct Node {
    bool is_folder = false;
    uint64_t inode = 0;
    std::string bytes;
  };
  struct OpenFile {
    std::shared_ptr<Node> node;
    size_t position = 0;  // of the next write
  };

  std::shared_ptr<Node> NewNode(bool is_folder) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Null if nothing is there.
  std::shared_ptr<Node> Find(const std::string& path) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasParent(const std::string& path) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // First entry below a folder.
  std::map<std::string, std::shared_ptr<Node>>::const_iterator FirstBelow(const std::string& folder) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsEmpty(const std::string& folder) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int Move(const std::string& from, const std::string& to) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  uint64_t last_inode_ ABSL_GUARDED_BY(mutex_) = 0;
  int last_fd_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::shared_ptr<Node>> nodes_ ABSL_GUARDED_BY(mutex_);
  std::map<int, OpenFile> open_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baton

#endif  // BATON_TESTS_FUZZ_MEMORY_FILE_SYSTEM_H_
