#ifndef BATON_BASE_TESTING_FAULTY_FILE_SYSTEM_H_
#define BATON_BASE_TESTING_FAULTY_FILE_SYSTEM_H_

#include <cerrno>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/file_system.h"

namespace baton {

enum class FileOperation {
  kOpen,
  kWrite,
  kReadAt,
  kSync,
  kClose,
  kRename,
  kRenameExclusive,
  kLink,
  kUnlink,
  kMakeDirectory,
  kRemoveDirectory,
  kStat,
  kStatOpen,
  kList,
};

// What goes wrong, and when: at the `at`-th call whose operation and path match.
struct Fault {
  enum class Effect {
    kRefused,   // nothing is done (but that a file is closed, as Linux does), and `error` returned
    kReported,  // it is done, and `error` returned all the same: a lost reply
    kShort,     // a write or read does half of it, at least one byte, and returns that
    kTorn,      // a write does half of it, and returns `error`
    kKilled,    // the process kills itself with SIGKILL before it, in the middle of it where it is a write
  };

  std::set<FileOperation> operations = {};  // empty: any
  std::string path = "";                    // a part of the path, or of either of two; empty: any
  int at = 1;
  bool sticky = false;  // this call and all later ones that match: a disk that is gone, a process that is dead
  int error = EIO;
  Effect effect = Effect::kRefused;
  // After it, the next call of each of these whose path matches goes wrong likewise: what cleans up or reports, say.
  std::set<FileOperation> then = {};
};

// The operating system's files, but does not wait for the disk. Tests that check no power cut are several times faster.
class Unsynced : public FileSystem {
 public:
  int StartWriteback(int, int64_t, int64_t) override { return 0; }
  int Sync(int) override { return 0; }
  static FileSystem& Get();
};

// For tests: hands every call on to another file system, notes it, and makes the chosen one fail. Thread-safe.
class FaultyFileSystem : public FileSystem {
 public:
  struct Call {
    FileOperation operation;
    std::string path;   // of an open file, as it was opened; of two, the first
    std::string other;  // of two, the second; else empty
    int64_t result;     // as it was returned
    bool faulty;
  };

  explicit FaultyFileSystem(FileSystem& base = Unsynced::Get()) : base_(base) {}

  // Replaces the fault and counts from here on.
  void Inject(Fault fault);
  // No fault any more.
  void Heal();
  std::vector<Call> calls() const;
  // How often it happened since Inject().
  int faults() const;

  int Open(const std::string& path, int flags, mode_t mode) override;
  int64_t Write(int fd, const void* data, size_t size) override;
  int64_t ReadAt(int fd, void* data, size_t size, int64_t offset) override;
  // Handed on alone: its result means nothing.
  int StartWriteback(int fd, int64_t offset, int64_t size) override { return base_.StartWriteback(fd, offset, size); }
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
  // The fault, if it happens at this call. `other` is the second path, where there are two.
  std::optional<Fault> Strike(FileOperation operation, const std::string& path, const std::string& other = "");
  void Note(Call call);
  std::string PathOf(int fd) const;
  // Does a call that is done whole or not at all.
  int Whole(FileOperation operation, const std::string& path, const std::string& other,
            const std::function<int()>& call);
  // Does a write or read of `size` bytes.
  int64_t Partial(FileOperation operation, int fd, size_t size, const std::function<int64_t(size_t)>& call);

  FileSystem& base_;
  mutable absl::Mutex mutex_;
  std::optional<Fault> fault_ ABSL_GUARDED_BY(mutex_);
  int matched_ ABSL_GUARDED_BY(mutex_) = 0;
  int faults_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Call> calls_ ABSL_GUARDED_BY(mutex_);
  std::map<int, std::string> open_ ABSL_GUARDED_BY(mutex_);
};

// Lets the 1st, 2nd, 3rd, ... matching call of `work` fail (fault.at is replaced) until it runs through without the
// fault. Each time it calls `prepare`, then `work` on a file system with the fault, then `check` with that file system,
// healed, and what `work` returned. Returns how many runs had the fault; a test should expect as many as it knows of,
// or at least one.
int ForEachFault(Fault fault, const std::function<void()>& prepare,
                 const std::function<absl::Status(FileSystem&)>& work,
                 const std::function<void(FaultyFileSystem&, const absl::Status&)>& check);

}  // namespace baton

#endif  // BATON_BASE_TESTING_FAULTY_FILE_SYSTEM_H_
