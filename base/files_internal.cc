#include "base/files_internal.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/files.h"

namespace baton::internal {

std::string TemporaryPath(absl::string_view path) {
  static std::atomic<uint64_t> counter = 0;
  // Cut, so that a long name does not get too long.
  const std::string name = BaseName(path).substr(0, 200);
  return JoinPath(ParentFolder(path), absl::StrCat(".tmp-", getpid(), "-", counter++, "-", name));
}

int Open(FileSystem& fs, const std::string& path, int flags) {
  int fd;
  do {
    fd = fs.Open(path, flags | O_CLOEXEC, 0666);
  } while (fd == -EINTR);
  return fd;
}

int Sync(FileSystem& fs, int fd) {
  int error;
  do {
    error = fs.Sync(fd);
  } while (error == -EINTR);
  return error;
}

int RenameToNew(FileSystem& fs, const std::string& from, const std::string& to) {
  const int error = fs.RenameExclusive(from, to);
  if (error != -EINVAL && error != -ENOSYS) return error;
  struct stat file;
  const int found = fs.Stat(to, &file);
  if (found == 0) return -EEXIST;
  if (found != -ENOENT) return found;
  return fs.Rename(from, to);
}

}  // namespace baton::internal
