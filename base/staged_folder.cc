#include <cerrno>

#include "absl/strings/match.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/files_internal.h"
#include "base/status_macros.h"

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
  bool synced = false;
  for (const std::string& name : *names) {
    if (!absl::StartsWith(name, ".tmp-")) continue;
    // One that was renamed to be removed must not come back under its old name, half empty.
    if (!synced) RETURN_IF_ERROR(SyncFolder(fs, parent));
    synced = true;
    RETURN_IF_ERROR(RemoveTree(fs, JoinPath(parent, name)));
  }
  return absl::OkStatus();
}

}  // namespace baton
