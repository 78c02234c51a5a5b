#ifndef BATON_BASE_FILE_SYSTEM_H_
#define BATON_BASE_FILE_SYSTEM_H_

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace baton {

// The seam between Baton and the operating system's files: every call that touches a file that Baton reads or writes
// goes through one of these, so that a test can make any of them fail, tear or forget. Policy (what is synced when,
// what an error means) is in files.h; here is none.
//
// Each call does what the system call of its name does, without retrying, and returns what that returns, or -errno.
// Thread-safe. Derive and override to inject faults.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // The operating system's.
  static FileSystem& Posix();

  virtual int Open(const std::string& path, int flags, mode_t mode);
  virtual int64_t Write(int fd, const void* data, size_t size);
  virtual int64_t ReadAt(int fd, void* data, size_t size, int64_t offset);
  // sync_file_range(SYNC_FILE_RANGE_WRITE): begins to bring these bytes to the disk and does not wait. A hint: it makes
  // a later Sync short, and nothing durable.
  virtual int StartWriteback(int fd, int64_t offset, int64_t size);
  // fsync, of a file or of a folder.
  virtual int Sync(int fd);
  virtual int Close(int fd);
  virtual int Rename(const std::string& from, const std::string& to);
  // renameat2(RENAME_NOREPLACE).
  virtual int RenameExclusive(const std::string& from, const std::string& to);
  virtual int Link(const std::string& from, const std::string& to);
  virtual int Unlink(const std::string& path);
  virtual int MakeDirectory(const std::string& path);
  virtual int RemoveDirectory(const std::string& path);
  // Follows symbolic links.
  virtual int Stat(const std::string& path, struct stat* result);
  // fstat.
  virtual int StatOpen(int fd, struct stat* result);
  // Names in a folder, in no order, without "." and "..".
  virtual int List(const std::string& path, std::vector<std::string>* names);
};

}  // namespace baton

#endif  // BATON_BASE_FILE_SYSTEM_H_
