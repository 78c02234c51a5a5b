#include "pipeline/prune/prune_command.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/files.h"
#include "base/human.h"
#include "base/lock.h"
#include "base/status_macros.h"
#include "metadata/record_argument.h"
#include "models/config_registry.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/config/stage_options.h"
#include "state/find_snapshot.h"
#include "state/inspect.pb.h"
#include "state/retention.h"
#include "state/snapshot_index.h"
#include "state/snapshot_store.h"
#include "state/verify_snapshot.h"
#include "training/selection.h"

namespace baton {
namespace {

constexpr char kHelp[] =
    R"(Says which snapshots of a run the policy does not keep, and with --yes removes them. The policy is that of the
run's configuration (train.snapshots), but where a flag gives another value. It keeps the newest K and the best
one that each of them names, those of the best M measurements, and those of every N-th step (0: none for that).
Whatever the policy: the last and the best one of every finished training stay, so does the one that was
evaluated, and nothing of another train key is touched. While a stage is at work on the run, --yes is refused.

  inspect prune runs/iris
  inspect prune runs/iris --keep_last=1 --keep_best=3 --yes)";

absl::StatusOr<RetentionPolicy> Policy(FileSystem& fs, const RunDirectory& run, const InspectSnapshotOptions& options) {
  StageOptions stage;
  stage.fs = &fs;
  stage.run_dir = run.path();
  ASSIGN_OR_RETURN(const PipelineConfig config, ResolveConfig(stage));
  const SnapshotConfig& snapshot = config.train().snapshots();
  const RetentionPolicy policy = {
      .keep_last = options.keep_last.value_or(snapshot.keep_last()),
      .keep_every_steps = options.keep_every_steps.value_or(snapshot.keep_every_steps()),
      .keep_best = options.keep_best.value_or(snapshot.keep_best()),
      .selection = SelectionOf(config.train(), CriterionMetrics(config.train().criterion())),
  };
  for (const auto& [flag, value] :
       {std::pair("keep_last", policy.keep_last), std::pair("keep_best", policy.keep_best)}) {
    if (value > 0) continue;
    return absl::InvalidArgumentError(absl::StrCat("--", flag, " is 0: expected at least 1"));
  }
  return policy;
}

// Steps in `folder` (relative to the run directory) whose snapshots the record speaks of.
std::set<uint64_t> KeptForGood(const Metadata& record, absl::string_view folder) {
  const TrainSection& train = record.train();
  std::set<uint64_t> steps(train.finished_steps().begin(), train.finished_steps().end());
  for (const SnapshotReference* snapshot :
       {&train.last_snapshot(), &train.best_snapshot(), &record.evaluate().snapshot()}) {
    if (snapshot->has_path() && ParentFolder(snapshot->path()) == folder) steps.insert(snapshot->step_index());
  }
  return steps;
}

// What is gone on from must be whole before anything else goes.
absl::Status CheckIntact(FileSystem& fs, const std::string& snapshot) {
  ASSIGN_OR_RETURN(const std::vector<SnapshotDamage> damages, VerifySnapshot(fs, snapshot, [](uint64_t) {}));
  if (damages.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool is_there, Exists(fs, snapshot));
  if (!is_there)
    return absl::UnavailableError(absl::StrCat("training has removed ", snapshot, " meanwhile; ask again"));
  return absl::DataLossError(absl::StrCat(snapshot, " is to stay and is damaged (", damages[0].file(), ": ",
                                          damages[0].message(),
                                          "): nothing was removed, since training may need an older one; run training "
                                          "again, which makes it once more, or put an intact copy back"));
}

std::string AsText(const PruneAnswer& answer) {
  std::string text = absl::StrCat("train key ", answer.train_key(), ": ", answer.kept_steps_size(), " stay (steps ",
                                  absl::StrJoin(answer.kept_steps(), ", "), "), ",
                                  answer.dry_run() ? "to be removed: " : "removed: ", answer.removed_size(), " (",
                                  HumanBytes(answer.freed_bytes()), ")\n");
  std::vector<std::vector<std::string>> rows;
  for (const PrunedSnapshot& snapshot : answer.removed()) {
    rows.push_back({snapshot.path(), HumanBytes(snapshot.size_bytes())});
  }
  absl::StrAppend(&text, AlignColumns(rows, /*indent=*/2, /*first_right=*/1));
  if (answer.dry_run() && !rows.empty()) absl::StrAppend(&text, "Nothing was removed: --yes does it.\n");
  return text;
}

absl::Status Prune(FileSystem& fs, const InspectSnapshotOptions& options, InspectSnapshotAnswer& answer) {
  const RunDirectory run(AbsolutePath(options.arguments[1], options.working_folder));
  std::unique_ptr<FileLock> lock;
  if (options.yes) {
    ASSIGN_OR_RETURN(const bool is_run, Exists(fs, run.LockFolder()));
    if (!is_run) return absl::NotFoundError(absl::StrCat(run.path(), " is no run directory: it has no locks/"));
    ASSIGN_OR_RETURN(lock, FileLock::Acquire(run.LockFile(kTrainStage), FileLock::Mode::kExclusive));
  }
  ASSIGN_OR_RETURN(const Metadata record, ReadRecord(fs, {.run_dir = run.path()}));
  const std::string& key = record.train().stage().key();
  const std::string folder = run.OutputFolder(kTrainStage, key);
  SnapshotStore store(fs, folder);
  ASSIGN_OR_RETURN(std::vector<uint64_t> steps, store.Steps());
  if (key.empty() || steps.empty()) {
    return absl::NotFoundError(absl::StrCat("no snapshots of a training that the record of ", run.path(), " knows"));
  }
  ASSIGN_OR_RETURN(RetentionPolicy policy, Policy(fs, run, options));
  policy.kept_for_good = KeptForGood(record, run.Relative(folder));

  RETURN_IF_ERROR(CheckIntact(fs, store.PathOf(steps.back())));
  ASSIGN_OR_RETURN(const SnapshotIndex newest, ReadSnapshotIndex(fs, store.PathOf(steps.back())));
  const TrainingProgress& progress = newest.progress();
  if (progress.has_best()) RETURN_IF_ERROR(CheckIntact(fs, store.PathOf(progress.best().step_index())));
  ASSIGN_OR_RETURN(const History history, ReadHistory(fs, store.PathOf(steps.back()), newest));
  ASSIGN_OR_RETURN(const std::vector<uint64_t> removable, store.Removable(history, progress, policy));

  PruneAnswer result;
  result.set_train_key(key);
  result.set_dry_run(!options.yes);
  uint64_t freed = 0;
  for (const uint64_t step : steps) {
    if (!std::binary_search(removable.begin(), removable.end(), step)) {
      result.add_kept_steps(step);
      continue;
    }
    ASSIGN_OR_RETURN(const uint64_t size, FolderSize(fs, store.PathOf(step)));
    PrunedSnapshot& removed = *result.add_removed();
    removed.set_path(store.PathOf(step));
    removed.set_step_index(step);
    removed.set_size_bytes(size);
    freed += size;
  }
  result.set_freed_bytes(freed);
  if (options.yes) {
    RETURN_IF_ERROR(StagedFolder::RemoveStale(fs, folder));
    RETURN_IF_ERROR(store.RemoveOld(history, progress, policy));
  }
  return Answer(options, result, AsText(result), answer);
}

}  // namespace

SnapshotCommand PruneCommand() {
  return {.name = "prune",
          .usage = "RUN_DIR [--keep_last=K] [--keep_best=M] [--keep_every_steps=N] [--yes]",
          .flags = {"yes", "keep_last", "keep_best", "keep_every_steps"},
          .help = kHelp,
          .run = Prune};
}

}  // namespace baton
