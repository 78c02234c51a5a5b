#ifndef BATON_BASE_FILES_INTERNAL_H_
#define BATON_BASE_FILES_INTERNAL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"

// What the parts of files.h share. Not for others.
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

#endif  // BATON_BASE_FILES_INTERNAL_H_
