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

absl::StatusOr<std::optional<StageWork>> NothingToDo(FileSystem& fs, const PipelineConfig& config,
                                                     const RunDirectory& run, absl::string_view stage,
                                                     const StagePlan& plan) {
  LOG(INFO) << stage << ": complete, skipped" << (plan.note.empty() ? "" : " (" + plan.note + ")");
  const absl::Status saved = SaveConfig(fs, run.path(), config);
  LOG_IF(WARNING, !saved.ok()) << "the configuration is not kept for the next time: " << saved.message();
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::optional<StageWork>> BeginWork(const StageOptions& options, const PipelineConfig& config,
                                                   const RunDirectory& run, absl::string_view stage, Planner planner,
                                                   DigestCache& digests) {
  FileSystem& fs = *options.fs;
  const PlanContext context = {fs, run, config, options.start_over, options.allow_changes, digests};
  StageWork work;
  ASSIGN_OR_RETURN(work.store, MetadataStore::Open(fs, run.path(), config.name()));
  for (const bool locked : {false, true}) {
    if (locked) {
      ASSIGN_OR_RETURN(work.locks, TakeLocks(fs, run, stage));
    }
    ASSIGN_OR_RETURN(work.record, work.store->Read());
    ASSIGN_OR_RETURN(work.plan, planner(context, work.record));
    digests.Save();
    if (work.plan.action == Action::kSkip) return NothingToDo(fs, config, run, stage, work.plan);
  }
  LOG_IF(INFO, !work.plan.note.empty()) << stage << ": " << work.plan.note;
  return work;
}

}  // namespace baton
