#include "base/lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/errors.h"
#include "base/usage.h"

namespace baton {
namespace {

struct flock WholeFile(short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

std::string Self() {
  return absl::StrCat("process ", getpid(), " on host ", HostName(), " since ",
                      absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::Now(), absl::UTCTimeZone()), "\n");
}

// Who keeps `wanted` from being locked, for people.
std::string Holder(int fd, short wanted) {
  struct flock conflicting = WholeFile(wanted);
  // A shared holder writes nothing: what stands in the file then is of an earlier one.
  if (fcntl(fd, F_OFD_GETLK, &conflicting) == 0 && conflicting.l_type == F_RDLCK) return "a process that reads it";
  char text[1024];
  const ssize_t size = pread(fd, text, sizeof(text), 0);
  const absl::string_view holder = absl::StripAsciiWhitespace(absl::string_view(text, size > 0 ? size : 0));
  return holder.empty() ? "another process" : std::string(holder);
}

int OpenLockFile(const std::string& path, FileLock::Mode mode) {
  int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  // Who only reads may not be allowed to write.
  if (fd < 0 && (errno == EACCES || errno == EROFS) && mode == FileLock::Mode::kShared) {
    fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  }
  return fd;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileLock>> FileLock::Acquire(const std::string& path, Mode mode) {
  const int fd = OpenLockFile(path, mode);
  if (fd < 0) return IoError(errno, "open lock", path);
  // Closes the file on every way out.
  std::unique_ptr<FileLock> file_lock(new FileLock(fd, false));
  const short type = mode == Mode::kExclusive ? F_WRLCK : F_RDLCK;
  struct flock lock = WholeFile(type);
  if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
    const int error = errno;
    if (error == EAGAIN || error == EACCES) {
      return absl::UnavailableError(absl::StrCat(path, " is locked by ", Holder(fd, type), "; wait for it or stop it"));
    }
    if (error == ENOLCK || error == ENOSYS || error == EOPNOTSUPP || error == EINVAL) {
      return absl::FailedPreconditionError(
          absl::StrCat(IoError(error, "lock", path).message(), "; its file system has no locks: use another folder"));
    }
    return IoError(error, "lock", path);
  }
  if (mode == Mode::kExclusive) {
    const std::string self = Self();
    // A full disk is no reason to be without the lock.
    file_lock->named_ =
        ftruncate(fd, 0) == 0 && pwrite(fd, self.data(), self.size(), 0) == static_cast<ssize_t>(self.size());
  }
  return file_lock;
}

FileLock::~FileLock() {
  // So that no later message names this holder; if it fails, that is all.
  [[maybe_unused]] const int ignored = named_ ? ftruncate(fd_, 0) : 0;
  close(fd_);
}

}  // namespace baton
