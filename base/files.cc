#include "base/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/errors.h"
#include "base/status_macros.h"

namespace baton::internal {

// A path in the folder of `path` that this process did not give before: ".tmp-PID-COUNTER-NAME".
std::string TemporaryPath(absl::string_view path);

// `create(temporary path)`, a StatusOr, with another path as long as it says AlreadyExists: a process in another
// container or on another host may have the same pid, and may have left such a file.
template <typename Create>
auto CreateTemporary(absl::string_view path, const Create& create) {
  auto result = create(TemporaryPath(path));
  for (int attempt = 0; attempt < 1000 && result.status().code() == absl::StatusCode::kAlreadyExists; ++attempt) {
    result = create(TemporaryPath(path));
  }
  return result;
}

// These return what the FileSystem's functions return, tried again when a signal interrupted them. That does not go
// against trying an fsync only once: an interrupted one did not fail.
int Open(FileSystem& fs, const std::string& path, int flags);
int Sync(FileSystem& fs, int fd);

// Renames, or -EEXIST if there is something at `to`. Where the file system has no exclusive rename, by looking first.
int RenameToNew(FileSystem& fs, const std::string& from, const std::string& to);

}  // namespace baton::internal

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
namespace baton {
namespace {

absl::string_view WithoutTrailingSlashes(absl::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

// A new file with `contents` beside `path`, fsynced; returns its path.
absl::StatusOr<std::string> WriteTemporaryFile(FileSystem& fs, const std::string& path, absl::string_view contents) {
  ASSIGN_OR_RETURN(const auto writer, internal::CreateTemporary(path, [&](const std::string& temporary) {
                     return FileWriter::Create(fs, temporary);
                   }));
  absl::Status status = writer->Append(contents);
  if (status.ok()) status = writer->Finish();
  if (!status.ok()) {
    fs.Unlink(writer->path());
    return status;
  }
  return writer->path();
}

bool IsSameFile(FileSystem& fs, const std::string& a, const std::string& b) {
  struct stat a_stat, b_stat;
  return fs.Stat(a, &a_stat) == 0 && fs.Stat(b, &b_stat) == 0 && a_stat.st_dev == b_stat.st_dev &&
         a_stat.st_ino == b_stat.st_ino;
}

}  // namespace

std::string JoinPath(absl::string_view folder, absl::string_view name) {
  if (folder.empty()) return std::string(name);
  return absl::StrCat(folder, absl::EndsWith(folder, "/") ? "" : "/", name);
}

std::string ParentFolder(absl::string_view path) {
  path = WithoutTrailingSlashes(path);
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return ".";
  return std::string(WithoutTrailingSlashes(path.substr(0, slash + 1)));
}

std::string BaseName(absl::string_view path) {
  path = WithoutTrailingSlashes(path);
  return std::string(path.substr(path.rfind('/') + 1));  // npos + 1 is 0
}

std::string AbsolutePath(absl::string_view path, absl::string_view folder) {
  const std::string joined = absl::StartsWith(path, "/") ? std::string(path) : JoinPath(folder, path);
  return std::string(WithoutTrailingSlashes(std::filesystem::path(joined).lexically_normal().string()));
}

absl::StatusOr<bool> Exists(FileSystem& fs, const std::string& path) {
  struct stat file;
  const int error = fs.Stat(path, &file);
  if (error == 0) return true;
  if (error == -ENOENT || error == -ENOTDIR) return false;
  return IoError(error, "look at", path);
}

absl::StatusOr<uint64_t> FileSize(FileSystem& fs, const std::string& path) {
  struct stat file;
  const int error = fs.Stat(path, &file);
  if (error != 0) return IoError(error, "look at", path);
  return file.st_size;
}

absl::StatusOr<std::string> ReadFile(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(const auto reader, FileReader::Open(fs, path));
  std::string contents(reader->size(), '\0');
  RETURN_IF_ERROR(reader->ReadAt(0, contents.data(), contents.size()));
  return contents;
}

absl::StatusOr<std::vector<std::string>> ListFolder(FileSystem& fs, const std::string& path) {
  std::vector<std::string> names;
  const int error = fs.List(path, &names);
  if (error != 0) return IoError(error, "list", path);
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status MakeFolders(FileSystem& fs, const std::string& path) {
  int error = fs.MakeDirectory(path);
  if (error == -ENOENT) {
    RETURN_IF_ERROR(MakeFolders(fs, ParentFolder(path)));
    error = fs.MakeDirectory(path);
  }
  if (error == -EEXIST) {
    struct stat file;
    error = fs.Stat(path, &file);
    if (error != 0) return IoError(error, "look at", path);
    if (!S_ISDIR(file.st_mode)) return IoError(EEXIST, "make folder", path);
    return absl::OkStatus();
  }
  if (error != 0) return IoError(error, "make folder", path);
  const absl::Status synced = SyncFolder(fs, ParentFolder(path));
  // So that the next call does not take it for durable.
  if (!synced.ok()) fs.RemoveDirectory(path);
  return synced;
}

absl::Status SyncFolder(FileSystem& fs, const std::string& path) {
  const int fd = internal::Open(fs, path, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return IoError(fd, "open folder", path);
  const int error = internal::Sync(fs, fd);
  fs.Close(fd);
  // EINVAL is how a file system says that its folders need no fsync.
  if (error != 0 && error != -EINVAL) return IoError(error, "sync folder", path);
  return absl::OkStatus();
}

absl::Status RemoveTree(FileSystem& fs, const std::string& path) {
  const int error = fs.Unlink(path);
  if (error == 0 || error == -ENOENT) return absl::OkStatus();
  // Linux answers EISDIR for a folder, POSIX allows EPERM.
  std::vector<std::string> names;
  if ((error != -EISDIR && error != -EPERM) || fs.List(path, &names) != 0) return IoError(error, "remove", path);
  for (const std::string& name : names) RETURN_IF_ERROR(RemoveTree(fs, JoinPath(path, name)));
  const int folder_error = fs.RemoveDirectory(path);
  if (folder_error != 0 && folder_error != -ENOENT) return IoError(folder_error, "remove folder", path);
  return absl::OkStatus();
}

absl::Status ReplaceFile(FileSystem& fs, const std::string& path, absl::string_view contents) {
  ASSIGN_OR_RETURN(const std::string temporary, WriteTemporaryFile(fs, path, contents));
  const int error = fs.Rename(temporary, path);
  if (error != 0) {
    fs.Unlink(temporary);
    return IoError(error, "replace", path);
  }
  return SyncFolder(fs, ParentFolder(path));
}

absl::Status CreateFileExclusively(FileSystem& fs, const std::string& path, absl::string_view contents) {
  ASSIGN_OR_RETURN(const std::string temporary, WriteTemporaryFile(fs, path, contents));
  int error = fs.Link(temporary, path);
  // Over NFS a repeated request may fail because the first one succeeded.
  if (error == -EEXIST && IsSameFile(fs, temporary, path)) error = 0;
  const bool renamed = error == -EPERM || error == -EOPNOTSUPP || error == -ENOSYS || error == -EMLINK;
  if (renamed) error = fs.RenameExclusive(temporary, path);
  if (error != 0 || !renamed) fs.Unlink(temporary);
  if (error != 0) return IoError(error, "create", path);
  return SyncFolder(fs, ParentFolder(path));
}

absl::StatusOr<std::string> SetAside(FileSystem& fs, const std::string& path) {
  int error = 0;
  for (int number = 1; number < 10000; ++number) {
    const std::string aside = number == 1 ? absl::StrCat(path, ".damaged") : absl::StrCat(path, ".damaged-", number);
    error = internal::RenameToNew(fs, path, aside);
    if (error == -EEXIST) continue;
    if (error != 0) break;
    RETURN_IF_ERROR(SyncFolder(fs, ParentFolder(path)));
    return aside;
  }
  return IoError(error, "set aside", path);
}

}  // namespace baton
namespace baton {

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
namespace baton {

absl::StatusOr<std::unique_ptr<StagedFolder>> StagedFolder::Create(FileSystem& fs, const std::string& final_path) {
  RETURN_IF_ERROR(MakeFolders(fs, ParentFolder(final_path)));
  ASSIGN_OR_RETURN(const std::string path,
                   internal::CreateTemporary(final_path, [&](std::string temporary) -> absl::StatusOr<std::string> {
                     const int error = fs.MakeDirectory(temporary);
                     if (error != 0) return IoError(error, "make folder", temporary);
                     return temporary;
                   }));
  return std::unique_ptr<StagedFolder>(new StagedFolder(fs, path, final_path));
}

StagedFolder::~StagedFolder() {
  // What cannot be removed now, RemoveStale() removes.
  if (!committed_) RemoveTree(fs_, path_).IgnoreError();
}

absl::Status StagedFolder::Commit() {
  RETURN_IF_ERROR(SyncFolder(fs_, path_));
  const int error = internal::RenameToNew(fs_, path_, final_path_);
  if (error != 0) return IoError(error, "create", final_path_);
  committed_ = true;
  return SyncFolder(fs_, ParentFolder(final_path_));
}

absl::Status StagedFolder::RemoveStale(FileSystem& fs, const std::string& parent) {
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(fs, parent);
  if (names.status().code() == absl::StatusCode::kNotFound) return absl::OkStatus();
  RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    if (absl::StartsWith(name, ".tmp-")) RETURN_IF_ERROR(RemoveTree(fs, JoinPath(parent, name)));
  }
  return absl::OkStatus();
}

}  // namespace baton
