#include "state/inspect.h"

#include <sys/stat.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "google/protobuf/util/json_util.h"
#include "state/snapshot.h"
#include "state/snapshot_index.h"
#include "state/snapshot_store.h"

namespace baton {
namespace {

// The highest step in a folder of snapshots; nullopt if it has none.
absl::StatusOr<std::optional<std::string>> LatestIn(FileSystem& fs, const std::string& folder) {
  const SnapshotStore store(fs, folder);
  ASSIGN_OR_RETURN(const std::vector<uint64_t> steps, store.Steps());
  if (steps.empty()) return std::nullopt;
  return store.PathOf(steps.back());
}

// When the snapshot's folder was last changed, in seconds and nanoseconds.
absl::StatusOr<std::pair<int64_t, int64_t>> WrittenAt(FileSystem& fs, const std::string& snapshot) {
  struct stat status;
  if (const int result = fs.Stat(snapshot, &status); result < 0) return IoError(result, "stat", snapshot);
  return std::pair<int64_t, int64_t>(status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

absl::StatusOr<std::string> IndexAsJson(const SnapshotIndex& index) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(index, &json, options);
  if (!status.ok()) return absl::InternalError(absl::StrCat("the snapshot's index as JSON: ", status.ToString()));
  return json;
}

}  // namespace

absl::StatusOr<std::string> FindSnapshot(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(const bool is_snapshot, Exists(fs, JoinPath(path, kSnapshotIndexFile)));
  if (is_snapshot) return path;
  ASSIGN_OR_RETURN(std::optional<std::string> newest, LatestIn(fs, path));
  if (newest) return *std::move(newest);

  const std::string train = JoinPath(path, "train");
  const absl::StatusOr<std::vector<std::string>> keys = ListFolder(fs, train);
  if (!keys.ok() && !absl::IsNotFound(keys.status())) return keys.status();
  std::pair<int64_t, int64_t> newest_at;
  for (const std::string& key : keys.ok() ? *keys : std::vector<std::string>()) {
    ASSIGN_OR_RETURN(std::optional<std::string> latest, LatestIn(fs, JoinPath(train, key)));
    if (!latest) continue;
    ASSIGN_OR_RETURN(const auto written_at, WrittenAt(fs, *latest));
    if (newest && written_at < newest_at) continue;
    newest = std::move(latest);
    newest_at = written_at;
  }
  if (newest) return *std::move(newest);
  return absl::NotFoundError(absl::StrCat("no snapshot in ", path,
                                          ": expected a run directory that has train/KEY/step-*, ",
                                          "or a snapshot's folder, which has ", kSnapshotIndexFile));
}

absl::Status InspectSnapshot(FileSystem& fs, const InspectSnapshotOptions& options, std::string& output) {
  if (options.arguments.size() != 2) {
    return absl::InvalidArgumentError("expected a command and a folder, as in: inspect show runs/iris");
  }
  if (options.format != "text" && options.format != "json") {
    return absl::InvalidArgumentError(absl::StrCat("--format is \"", options.format, "\": expected text or json"));
  }
  if (options.arguments[0] != "show") {
    return absl::InvalidArgumentError(absl::StrCat("unknown command \"", options.arguments[0], "\": expected show"));
  }
  ASSIGN_OR_RETURN(const std::string path,
                   FindSnapshot(fs, AbsolutePath(options.arguments[1], options.working_folder)));
  ASSIGN_OR_RETURN(const State state, LoadSnapshot(fs, path, at::kCPU));
  if (options.format == "text") {
    absl::StrAppend(&output, path, " (verified)\n", PrettyPrint(state));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const SnapshotIndex index, ReadSnapshotIndex(fs, path));
  ASSIGN_OR_RETURN(const std::string json, IndexAsJson(index));
  absl::StrAppend(&output, json);
  return absl::OkStatus();
}

}  // namespace baton
