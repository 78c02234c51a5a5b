#include "pipeline/plan/stage_work.h"

#include <utility>

#include "base/files.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "pipeline/config/pipeline_config.h"

namespace baton {
namespace {

constexpr absl::string_view kStages[] = {kLoadStage, kTrainStage, kEvaluateStage};

absl::StatusOr<std::vector<std::unique_ptr<FileLock>>> TakeLocks(FileSystem& fs, const RunDirectory& run,
                                                                 absl::string_view stage) {
  RETURN_IF_ERROR(MakeFolders(fs, run.LockFolder()));
  std::vector<std::unique_ptr<FileLock>> locks;
  ASSIGN_OR_RETURN(locks.emplace_back(), FileLock::Acquire(run.LockFile(stage), FileLock::Mode::kExclusive));
  for (const absl::string_view before : kStages) {
    if (before == stage) break;
    ASSIGN_OR_RETURN(locks.emplace_back(), FileLock::Acquire(run.LockFile(before), FileLock::Mode::kShared));
  }
  return locks;
}

// Locks of the stages that are there, each shared: nobody is at work as long as they are held.
absl::StatusOr<std::vector<std::unique_ptr<FileLock>>> KeepOthersOut(FileSystem& fs, const RunDirectory& run) {
  std::vector<std::unique_ptr<FileLock>> locks;
  for (const absl::string_view stage : kStages) {
    ASSIGN_OR_RETURN(const bool exists, Exists(fs, run.LockFile(stage)));
    if (!exists) continue;
    absl::StatusOr<std::unique_ptr<FileLock>> lock = FileLock::Acquire(run.LockFile(stage), FileLock::Mode::kShared);
    if (absl::IsUnavailable(lock.status())) return lock.status();
    if (lock.ok())
      locks.push_back(*std::move(lock));  // what cannot even be opened, as on a read-only disk, stands still
  }
  return locks;
}

absl::StatusOr<std::optional<StageWork>> NothingToDo(FileSystem& fs, const PipelineConfig& config,
                                                     const RunDirectory& run, absl::string_view stage,
                                                     const StagePlan& plan) {
  LOG(INFO) << stage << ": complete, skipped" << (plan.note.empty() ? "" : " (" + plan.note + ")");
  const absl::Status saved = SaveConfig(fs, run.path(), config);
  LOG_IF(WARNING, !saved.ok()) << "the configuration is not kept for the next time: " << saved.message();
  return std::nullopt;
}

}  // namespace

absl::StatusOr<StagePlan> PlanWithoutLock(const PlanContext& context, MetadataStore& store, Planner planner,
                                          Metadata& record) {
  ASSIGN_OR_RETURN(record, store.Read());
  absl::StatusOr<StagePlan> plan = planner(context, record);
  if (!absl::IsInvalidArgument(plan.status())) return plan;
  ASSIGN_OR_RETURN(const auto locks, KeepOthersOut(context.fs, context.run));
  ASSIGN_OR_RETURN(record, store.Read());
  return planner(context, record);
}

absl::StatusOr<std::optional<StageWork>> BeginWork(const StageOptions& options, const PipelineConfig& config,
                                                   const RunDirectory& run, absl::string_view stage, Planner planner,
                                                   DigestCache& digests) {
  FileSystem& fs = *options.fs;
  const PlanContext context = {fs, run, config, options.start_over, options.allow_changes, digests};
  StageWork work;
  ASSIGN_OR_RETURN(work.store, MetadataStore::Open(fs, run.path(), config.name()));
  ASSIGN_OR_RETURN(work.plan, PlanWithoutLock(context, *work.store, planner, work.record));
  digests.Save();
  if (work.plan.action == Action::kSkip) return NothingToDo(fs, config, run, stage, work.plan);
  ASSIGN_OR_RETURN(work.locks, TakeLocks(fs, run, stage));
  ASSIGN_OR_RETURN(work.record, work.store->Read());
  ASSIGN_OR_RETURN(work.plan, planner(context, work.record));
  digests.Save();
  if (work.plan.action == Action::kSkip) return NothingToDo(fs, config, run, stage, work.plan);
  LOG_IF(INFO, !work.plan.note.empty()) << stage << ": " << work.plan.note;
  return work;
}

}  // namespace baton
