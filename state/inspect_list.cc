#include <sys/stat.h>

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/human.h"
#include "base/progress.h"
#include "base/status_macros.h"
#include "state/find_snapshot.h"
#include "state/inspect.pb.h"
#include "state/inspect_command.h"
#include "state/snapshot_index.h"
#include "state/verify_snapshot.h"

namespace baton {
namespace {

constexpr char kHelp[] =
    R"(Lists the snapshots under PATH: step, epochs finished, batches of the unfinished one, validation loss that
was measured there, size, age, and whether every byte is as it was written. --fast looks at the index of
each alone. "best" is the one that the newest intact snapshot of its key names as the best. Damage is
reported in the list and does not change the exit code; "verify" does that.

  inspect list runs/iris
  inspect list runs/iris --fast --format=json | jq -r '.snapshots[] | select(.best) | .path')";

absl::StatusOr<absl::Time> WrittenAt(FileSystem& fs, const std::string& snapshot) {
  struct stat status;
  int result = fs.Stat(JoinPath(snapshot, kSnapshotIndexFile), &status);
  if (result == -ENOENT) result = fs.Stat(snapshot, &status);
  if (result < 0) return IoError(result, "look at", snapshot);
  return absl::TimeFromTimespec(status.st_mtim);
}

void FillFromIndex(const SnapshotIndex& index, ListedSnapshot& listed) {
  const TrainingProgress& progress = index.progress();
  listed.set_epoch_index(progress.epoch_index());
  listed.set_train_batch_index(progress.train_batch_index());
  if (index.history().empty()) return;
  const Measurement& last = *index.history().rbegin();
  if (last.step_index() != progress.step_index()) return;
  if (last.has_validation_loss()) listed.set_validation_loss(last.validation_loss());
  *listed.mutable_validation_metrics() = last.validation_metrics();
}

absl::StatusOr<std::vector<SnapshotDamage>> Verify(FileSystem& fs, const std::string& path, bool fast,
                                                   const std::function<void(uint64_t)>& on_bytes) {
  if (!fast) return VerifySnapshot(fs, path, on_bytes);
  const absl::Status status = ReadSnapshotIndex(fs, path).status();
  if (!IsSnapshotDamage(status)) {
    RETURN_IF_ERROR(status);
    return std::vector<SnapshotDamage>();
  }
  SnapshotDamage damage;
  damage.set_path(path);
  damage.set_file(kSnapshotIndexFile);
  damage.set_message(std::string(status.message()));
  return std::vector<SnapshotDamage>{damage};
}

// Training has removed it since it was listed.
bool IsGone(FileSystem& fs, const std::string& path) {
  const absl::StatusOr<bool> exists = Exists(fs, path);
  return exists.ok() && !*exists;
}

// What can be said of a snapshot; nothing that is wrong with it, and no error, keeps the others from being listed.
ListedSnapshot Look(FileSystem& fs, const SnapshotFolder& folder, bool fast,
                    const std::function<void(uint64_t)>& on_bytes) {
  ListedSnapshot listed;
  listed.set_path(folder.path);
  listed.set_train_key(BaseName(ParentFolder(folder.path)));
  listed.set_step_index(folder.step);
  if (const absl::StatusOr<uint64_t> size = FolderSize(fs, folder.path); size.ok()) listed.set_size_bytes(*size);
  if (const absl::StatusOr<absl::Time> written = WrittenAt(fs, folder.path); written.ok()) {
    listed.mutable_written()->set_seconds(absl::ToUnixSeconds(*written));
  }
  if (const absl::StatusOr<SnapshotIndex> index = ReadSnapshotIndex(fs, folder.path); index.ok()) {
    FillFromIndex(*index, listed);
    listed.set_step_index(index->progress().step_index());
  }
  if (folder.set_aside) {
    listed.set_status(ListedSnapshot::SET_ASIDE);
    return listed;
  }
  const absl::StatusOr<std::vector<SnapshotDamage>> damages = Verify(fs, folder.path, fast, on_bytes);
  if (!damages.ok()) {
    listed.set_status(ListedSnapshot::UNREADABLE);
    listed.set_error(std::string(damages.status().message()));
    return listed;
  }
  listed.set_status(damages->empty() ? ListedSnapshot::VALID : ListedSnapshot::DAMAGED);
  listed.mutable_damages()->Add(damages->begin(), damages->end());
  return listed;
}

// By folder, the step that its newest intact snapshot names as the best.
void MarkBest(FileSystem& fs, SnapshotList& list) {
  std::map<std::string, uint64_t> best;
  for (const ListedSnapshot& listed : list.snapshots()) {
    if (listed.status() != ListedSnapshot::VALID) continue;
    const absl::StatusOr<SnapshotIndex> index = ReadSnapshotIndex(fs, listed.path());
    best.erase(ParentFolder(listed.path()));
    if (index.ok() && index->progress().has_best()) {
      best[ParentFolder(listed.path())] = index->progress().best().step_index();
    }
  }
  for (ListedSnapshot& listed : *list.mutable_snapshots()) {
    const auto found = best.find(ParentFolder(listed.path()));
    listed.set_best(found != best.end() && found->second == listed.step_index() &&
                    listed.status() != ListedSnapshot::SET_ASIDE);
  }
}

std::string StatusText(const ListedSnapshot& listed) {
  switch (listed.status()) {
    case ListedSnapshot::VALID:
      return "valid";
    case ListedSnapshot::DAMAGED: {
      const SnapshotDamage& first = listed.damages(0);
      return absl::StrCat("DAMAGED: ", first.file(), first.has_tensor() ? absl::StrCat(" '", first.tensor(), "'") : "",
                          " ", first.message(),
                          listed.damages_size() > 1 ? absl::StrCat("; and ", listed.damages_size() - 1, " more") : "");
    }
    case ListedSnapshot::SET_ASIDE:
      return absl::StrCat("set aside as ", BaseName(listed.path()));
    default:
      return absl::StrCat("unreadable: ", listed.error());
  }
}

std::string AsText(const SnapshotList& list) {
  std::string text;
  std::string folder;
  std::vector<std::vector<std::string>> rows;
  const auto flush = [&] {
    if (!rows.empty()) absl::StrAppend(&text, folder, "\n", AlignColumns(rows, /*indent=*/2, /*first_right=*/100));
  };
  for (const ListedSnapshot& listed : list.snapshots()) {
    if (ParentFolder(listed.path()) != folder || rows.empty()) {
      flush();
      folder = ParentFolder(listed.path());
      rows = {{"step", "epoch", "batch", "validation loss", "size", "age", "best", "state"}};
    }
    const double age = listed.has_written()
                           ? absl::ToDoubleSeconds(absl::Now() - absl::FromUnixSeconds(listed.written().seconds()))
                           : 0;
    rows.push_back({absl::StrCat(listed.step_index()),
                    listed.has_epoch_index() ? absl::StrCat(listed.epoch_index()) : "",
                    listed.has_train_batch_index() ? absl::StrCat(listed.train_batch_index()) : "",
                    listed.has_validation_loss() ? HumanNumber(listed.validation_loss()) : "",
                    listed.has_size_bytes() ? HumanBytes(listed.size_bytes()) : "",
                    !listed.has_written() ? ""
                    : age < 0             ? "in the future"
                                          : HumanSeconds(age),
                    listed.best() ? "best" : "", StatusText(listed)});
  }
  flush();
  if (!list.all_bytes_verified()) absl::StrAppend(&text, "--fast: the index of each was verified, and no other file\n");
  return text;
}

absl::Status List(FileSystem& fs, const InspectSnapshotOptions& options, InspectSnapshotAnswer& answer) {
  const std::string path = AbsolutePath(options.arguments[1], options.working_folder);
  ASSIGN_OR_RETURN(const std::vector<SnapshotFolder> folders, FindSnapshots(fs, path));
  uint64_t total = 0;
  for (const SnapshotFolder& folder : folders) total += folder.set_aside ? 0 : FolderSize(fs, folder.path).value_or(0);
  SnapshotList list;
  list.set_all_bytes_verified(!options.fast);
  uint64_t bytes = 0;
  Progress progress("verify", "bytes", options.fast ? 0 : total);
  for (const SnapshotFolder& folder : folders) {
    ListedSnapshot listed = Look(fs, folder, options.fast, [&](uint64_t read) {
      bytes += read;
      progress.Update(bytes, folder.path);
    });
    if (listed.status() != ListedSnapshot::VALID && IsGone(fs, folder.path)) continue;
    *list.add_snapshots() = std::move(listed);
  }
  MarkBest(fs, list);
  return Answer(options, list, AsText(list), answer);
}

}  // namespace

SnapshotCommand ListSnapshotsCommand() {
  return {.name = "list", .usage = "PATH [--fast]", .flags = {"fast"}, .help = kHelp, .run = List};
}

}  // namespace baton
