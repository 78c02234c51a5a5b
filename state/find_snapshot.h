#ifndef BATON_STATE_FIND_SNAPSHOT_H_
#define BATON_STATE_FIND_SNAPSHOT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace baton {

// The train key that the record of a run directory names; nullopt where there is no record, or it names none. Records
// are read by those above this folder.
using TrainKeyOf =
    std::function<absl::StatusOr<std::optional<std::string>>(FileSystem& fs, const std::string& run_dir)>;

// The snapshot that `path` means: itself, if it is one; the highest step of the snapshots in it; or, of a run
// directory, the highest step of the train key that `train_key_of` gives, or where it is null or gives none, of the
// only key there is. InvalidArgument lists the keys if there are several; NotFound if there is no snapshot.
absl::StatusOr<std::string> FindSnapshot(FileSystem& fs, const std::string& path,
                                         const TrainKeyOf& train_key_of = nullptr);

// Calls `use` with the snapshot that `path` means. Where it fails because training has removed that snapshot meanwhile,
// looks again and calls it with the one that is meant then. Returns what the last call returned, or what FindSnapshot()
// does.
absl::Status UseSnapshot(FileSystem& fs, const std::string& path, const TrainKeyOf& train_key_of,
                         absl::FunctionRef<absl::Status(const std::string& snapshot)> use);

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
