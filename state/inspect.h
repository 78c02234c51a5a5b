#ifndef BATON_STATE_INSPECT_H_
#define BATON_STATE_INSPECT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace baton {

// What `inspect` can be told.
struct InspectSnapshotOptions {
  // The command and a path: {"show", "runs/iris"}.
  std::vector<std::string> arguments = {};
  std::string format = "text";  // or "json"
  // Folder that a relative path is relative to.
  std::string working_folder = "";
};

// Appends to `output` what the command answers; every byte of the snapshot was verified then. The errors of
// LoadSnapshot and FindSnapshot. Changes nothing.
absl::Status InspectSnapshot(FileSystem& fs, const InspectSnapshotOptions& options, std::string& output);

// The snapshot that `path` means: itself, if it is one; the highest step of the snapshots in it; or, of a run
// directory, the highest step of the train key whose newest snapshot was written last. NotFound if there is none.
absl::StatusOr<std::string> FindSnapshot(FileSystem& fs, const std::string& path);

}  // namespace baton

#endif  // BATON_STATE_INSPECT_H_
