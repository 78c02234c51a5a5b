#include <fcntl.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/files_internal.h"

namespace baton {
namespace {

// Large enough for a disk to work at full speed, small enough that it begins soon.
constexpr int64_t kWritebackBytes = int64_t{8} << 20;

}  // namespace

absl::StatusOr<std::unique_ptr<FileWriter>> FileWriter::Create(FileSystem& fs, const std::string& path) {
  const int fd = internal::Open(fs, path, O_WRONLY | O_CREAT | O_EXCL);
  if (fd < 0) return IoError(fd, "create", path);
  return std::unique_ptr<FileWriter>(new FileWriter(fs, path, fd));
}

FileWriter::~FileWriter() {
  if (fd_ >= 0) fs_.Close(fd_);
}

absl::Status FileWriter::Append(absl::string_view data) {
  while (!data.empty()) {
    const int64_t written = fs_.Write(fd_, data.data(), data.size());
    if (written == -EINTR) continue;
    // No progress without an error would loop for ever.
    if (written <= 0) return IoError(written == 0 ? EIO : static_cast<int>(written), "write", path_);
    data.remove_prefix(written);
    written_ += written;
  }
  if (written_ - writeback_started_ >= kWritebackBytes) {
    // What it returns does not matter: Finish() waits for every byte and reports what went wrong with any.
    fs_.StartWriteback(fd_, writeback_started_, written_ - writeback_started_);
    writeback_started_ = written_;
  }
  return absl::OkStatus();
}

absl::Status FileWriter::Finish() {
  const int fd = std::exchange(fd_, -1);
  const int sync_error = internal::Sync(fs_, fd);
  const int close_error = fs_.Close(fd);
  if (sync_error != 0) return IoError(sync_error, "sync", path_);
  // Linux has closed the file when a signal interrupts it.
  if (close_error != 0 && close_error != -EINTR) return IoError(close_error, "close", path_);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FileReader>> FileReader::Open(FileSystem& fs, const std::string& path) {
  const int fd = internal::Open(fs, path, O_RDONLY);
  if (fd < 0) return IoError(fd, "open", path);
  struct stat file;
  int error = fs.StatOpen(fd, &file);
  if (error == 0 && S_ISDIR(file.st_mode)) error = -EISDIR;
  if (error != 0) {
    fs.Close(fd);
    return IoError(error, "read", path);
  }
  return std::unique_ptr<FileReader>(new FileReader(fs, path, fd, file.st_size));
}

FileReader::~FileReader() { fs_.Close(fd_); }

absl::Status FileReader::ReadAt(uint64_t offset, void* data, size_t size) const {
  char* destination = static_cast<char*>(data);
  uint64_t position = offset;
  const uint64_t end = offset + size;
  while (position < end) {
    const int64_t count = fs_.ReadAt(fd_, destination, end - position, position);
    if (count == -EINTR) continue;
    if (count < 0) return IoError(static_cast<int>(count), "read", path_);
    if (count == 0) {
      return absl::DataLossError(
          absl::StrCat(path_, " ends at byte ", position, ", but bytes up to ", end, " were expected"));
    }
    destination += count;
    position += count;
  }
  return absl::OkStatus();
}

}  // namespace baton
