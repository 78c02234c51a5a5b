#ifndef BATON_STATE_FIND_SNAPSHOT_H_
#define BATON_STATE_FIND_SNAPSHOT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace baton {

// The snapshot that `path` means: itself, if it is one; the highest step of the snapshots in it; or, of a run
// directory, the highest step of the train key whose newest snapshot was written last. NotFound if there is none.
absl::StatusOr<std::string> FindSnapshot(FileSystem& fs, const std::string& path);

// A snapshot's folder, by its name: whether it is intact is another question.
struct SnapshotFolder {
  std::string path;
  uint64_t step = 0;
  // "step-000000001200.damaged" and the like: training found it damaged and renamed it.
  bool set_aside = false;
};

// All the snapshots that `path` means: itself, those in it, or, of a run directory, those of every train key, the
// superseded ones' too. By folder, in each by step. NotFound if there is none.
absl::StatusOr<std::vector<SnapshotFolder>> FindSnapshots(FileSystem& fs, const std::string& path);

// Bytes of the files in a snapshot's folder, whatever they are.
absl::StatusOr<uint64_t> FolderSize(FileSystem& fs, const std::string& path);

}  // namespace baton

#endif  // BATON_STATE_FIND_SNAPSHOT_H_
