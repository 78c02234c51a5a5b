#include "state/find_snapshot.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "state/snapshot_index.h"

namespace baton {
namespace {

constexpr absl::string_view kPrefix = "step-";
constexpr absl::string_view kSetAside = ".damaged";

std::optional<SnapshotFolder> ParseFolder(const std::string& path) {
  const std::string name = BaseName(path);
  absl::string_view rest = name;
  if (!absl::ConsumePrefix(&rest, kPrefix)) return std::nullopt;
  const auto end = std::find_if(rest.begin(), rest.end(), [](char c) { return !absl::ascii_isdigit(c); });
  const absl::string_view digits = rest.substr(0, end - rest.begin());
  rest.remove_prefix(digits.size());
  SnapshotFolder folder = {.path = path};
  if (!absl::SimpleAtoi(digits, &folder.step)) return std::nullopt;
  folder.set_aside = absl::StartsWith(rest, kSetAside);
  if (!rest.empty() && !folder.set_aside) return std::nullopt;
  return folder;
}

// By step; the one that stands under its name before those that were set aside. Empty if there is no such folder.
absl::StatusOr<std::vector<SnapshotFolder>> FoldersIn(FileSystem& fs, const std::string& path) {
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(fs, path);
  if (absl::IsNotFound(names.status())) return std::vector<SnapshotFolder>();
  RETURN_IF_ERROR(names.status());
  std::vector<SnapshotFolder> folders;
  for (const std::string& name : *names) {
    if (std::optional<SnapshotFolder> folder = ParseFolder(JoinPath(path, name))) folders.push_back(*std::move(folder));
  }
  std::sort(folders.begin(), folders.end(), [](const SnapshotFolder& a, const SnapshotFolder& b) {
    return std::tie(a.step, a.path) < std::tie(b.step, b.path);
  });
  return folders;
}

// The folders of snapshots in a run directory; empty if it is none.
absl::StatusOr<std::vector<std::string>> KeyFolders(FileSystem& fs, const std::string& run_dir) {
  const std::string train = JoinPath(run_dir, "train");
  const absl::StatusOr<std::vector<std::string>> keys = ListFolder(fs, train);
  if (absl::IsNotFound(keys.status())) return std::vector<std::string>();
  RETURN_IF_ERROR(keys.status());
  std::vector<std::string> folders;
  for (const std::string& key : *keys) folders.push_back(JoinPath(train, key));
  return folders;
}

// The highest step in a folder of snapshots; nullopt if it has none.
absl::StatusOr<std::optional<std::string>> LatestIn(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<SnapshotFolder> folders, FoldersIn(fs, path));
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    if (!folder->set_aside) return folder->path;
  }
  return std::nullopt;
}

// What a key's folder is renamed to by --start_over.
bool IsSuperseded(const std::string& folder) { return absl::StrContains(BaseName(folder), ".superseded-"); }

absl::Status NoSnapshot(const std::string& path) {
  return absl::NotFoundError(absl::StrCat("no snapshot in ", path,
                                          ": expected a run directory that has train/KEY/step-*, ",
                                          "or a snapshot's folder, which has ", kSnapshotIndexFile));
}

}  // namespace

absl::StatusOr<std::string> FindSnapshot(FileSystem& fs, const std::string& path, const TrainKeyOf& train_key_of) {
  ASSIGN_OR_RETURN(const bool is_snapshot, Exists(fs, JoinPath(path, kSnapshotIndexFile)));
  if (is_snapshot) return path;
  ASSIGN_OR_RETURN(std::optional<std::string> newest, LatestIn(fs, path));
  if (newest) return *std::move(newest);

  // By key, the newest of each.
  ASSIGN_OR_RETURN(const std::vector<std::string> folders, KeyFolders(fs, path));
  std::map<std::string, std::string> current, superseded;
  for (const std::string& folder : folders) {
    ASSIGN_OR_RETURN(std::optional<std::string> latest, LatestIn(fs, folder));
    if (latest) (IsSuperseded(folder) ? superseded : current)[BaseName(folder)] = *std::move(latest);
  }
  if (current.empty() && superseded.empty()) return NoSnapshot(path);
  std::optional<std::string> key;
  if (train_key_of) {
    ASSIGN_OR_RETURN(key, train_key_of(fs, path));
  }
  std::map<std::string, std::string>& candidates = current.empty() ? superseded : current;
  const std::string keys = absl::StrJoin(
      candidates, ", ", [](std::string* out, const auto& candidate) { absl::StrAppend(out, candidate.first); });
  if (key.has_value()) {
    const auto found = current.find(*key);
    if (found != current.end()) return found->second;
    return absl::NotFoundError(absl::StrCat("the record of ", path, " names the training ", *key,
                                            ", which has no snapshot yet; there are some of: ", keys, ". Name one as ",
                                            JoinPath(path, "train/KEY")));
  }
  if (candidates.size() == 1) return candidates.begin()->second;
  return absl::InvalidArgumentError(absl::StrCat(path, " has snapshots of several trainings and no record that says ",
                                                 "which is meant; name one as ", JoinPath(path, "train/KEY"),
                                                 ". KEY is one of: ", keys));
}

absl::Status UseSnapshot(FileSystem& fs, const std::string& path, const TrainKeyOf& train_key_of,
                         absl::FunctionRef<absl::Status(const std::string& snapshot)> use) {
  while (true) {
    ASSIGN_OR_RETURN(const std::string snapshot, FindSnapshot(fs, path, train_key_of));
    const absl::Status status = use(snapshot);
    if (!IsSnapshotDamage(status)) return status;
    // Removed snapshots are renamed first, and never come back: each round has a newer one, or the last error.
    ASSIGN_OR_RETURN(const bool is_there, Exists(fs, snapshot));
    if (is_there) return status;
  }
}

absl::StatusOr<std::vector<SnapshotFolder>> FindSnapshots(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(const bool is_snapshot, Exists(fs, JoinPath(path, kSnapshotIndexFile)));
  ASSIGN_OR_RETURN(const bool is_there, Exists(fs, path));
  // By its name, one without an index is a snapshot as well, a damaged one.
  std::optional<SnapshotFolder> itself;
  if (is_there) itself = ParseFolder(path);
  if (is_snapshot && !itself) itself = SnapshotFolder{.path = path};
  if (itself) return std::vector<SnapshotFolder>{*std::move(itself)};

  ASSIGN_OR_RETURN(std::vector<SnapshotFolder> folders, FoldersIn(fs, path));
  if (!folders.empty()) return folders;
  ASSIGN_OR_RETURN(const std::vector<std::string> keys, KeyFolders(fs, path));
  for (const std::string& key : keys) {
    ASSIGN_OR_RETURN(std::vector<SnapshotFolder> of_key, FoldersIn(fs, key));
    std::move(of_key.begin(), of_key.end(), std::back_inserter(folders));
  }
  if (folders.empty()) return NoSnapshot(path);
  return folders;
}

absl::StatusOr<uint64_t> FolderSize(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(fs, path));
  uint64_t total = 0;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const uint64_t size, FileSize(fs, JoinPath(path, name)));
    total += size;
  }
  return total;
}

}  // namespace baton
