#include "base/files.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/errors.h"
#include "base/files_internal.h"
#include "base/status_macros.h"

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
  struct stat file;
  int error = fs.Stat(path, &file);
  bool made = false;
  if (error == -ENOENT) {
    // First, so that nobody makes a folder in one that is not durable.
    RETURN_IF_ERROR(MakeFolders(fs, ParentFolder(path)));
    error = fs.MakeDirectory(path);
    made = error == 0;
    if (error == -EEXIST) error = fs.Stat(path, &file);  // another process was faster
  }
  if (error != 0) return IoError(error, "make folder", path);
  if (!made && !S_ISDIR(file.st_mode)) return IoError(EEXIST, "make folder", path);
  const absl::Status synced = SyncFolder(fs, ParentFolder(path));
  // Who may not read the folder above has not made this one: that would have failed here.
  if (!made && absl::IsPermissionDenied(synced)) return absl::OkStatus();
  // What could not be made durable is not left for others.
  if (made && !synced.ok()) fs.RemoveDirectory(path);
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
