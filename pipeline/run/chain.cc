#include "pipeline/run/chain.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/digest_cache.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/signals.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "metadata/store.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/plan/amend.h"
#include "pipeline/plan/plan.h"
#include "pipeline/plan/stage_work.h"
#include "pipeline/run/stage_program.h"
#include "pipeline/run/summary.h"

namespace baton {
namespace {

struct Stage {
  absl::string_view name;
  Planner plan;
  const StageRun& (*recorded)(const Metadata&);
};

constexpr Stage kStages[] = {
    {kLoadStage, PlanLoad, [](const Metadata& record) -> const StageRun& { return record.load().stage(); }},
    {kTrainStage, PlanTrain, [](const Metadata& record) -> const StageRun& { return record.train().stage(); }},
    {kEvaluateStage, PlanEvaluate, [](const Metadata& record) -> const StageRun& { return record.evaluate().stage(); }},
};

// What is held while stages are at work.
struct Work {
  std::unique_ptr<FileLock> lock;
  // The saved configuration as it was before; nothing if there was none.
  std::optional<std::string> config_before;
};

// Before the first stage that has work is started.
absl::StatusOr<Work> Begin(FileSystem& fs, const RunDirectory& run, const PipelineConfig& config) {
  Work work;
  RETURN_IF_ERROR(MakeFolders(fs, run.LockFolder()));
  ASSIGN_OR_RETURN(work.lock, FileLock::Acquire(run.LockFile("run"), FileLock::Mode::kExclusive));
  // A stage that somebody started by hand: its configuration is not changed under its feet.
  for (const Stage& stage : kStages) {
    RETURN_IF_ERROR(FileLock::Acquire(run.LockFile(stage.name), FileLock::Mode::kShared).status());
  }
  ASSIGN_OR_RETURN(const bool saved, Exists(fs, run.ConfigFile()));
  if (saved) {
    ASSIGN_OR_RETURN(work.config_before, ReadFile(fs, run.ConfigFile()));
  }
  RETURN_IF_ERROR(SaveConfig(fs, run.path(), config));
  return work;
}

// A configuration that the first stage refuses does not stay.
absl::Status RestoreConfig(FileSystem& fs, const RunDirectory& run, const std::optional<std::string>& before) {
  if (!before.has_value()) return RemoveTree(fs, run.ConfigFile());
  const absl::StatusOr<std::string> now = ReadFile(fs, run.ConfigFile());
  return now.ok() && *now == *before ? absl::OkStatus() : ReplaceFile(fs, run.ConfigFile(), *before);
}

// Starts the stage and waits for its end.
absl::Status RunStage(const StageOptions& options, const std::string& program, const Stage& stage) {
  std::vector<std::string> arguments = {absl::StrCat("--run_dir=", options.run_dir)};
  if (options.start_over) arguments.push_back("--start_over");
  if (stage.name == kTrainStage && !options.allow_changes.empty()) {
    arguments.push_back(absl::StrCat("--allow_changes=", absl::StrJoin(options.allow_changes, ",")));
  }
  // The summary has it.
  if (stage.name == kEvaluateStage) arguments.push_back("--noprint_table");
  ASSIGN_OR_RETURN(const ChildEnd end, RunStageProgram(*options.fs, program, stage.name, arguments));
  RETURN_IF_ERROR(StageStatus(stage.name, end));
  if (!end.stop_forwarded || stage.name == kStages[2].name) return absl::OkStatus();
  return absl::CancelledError(
      absl::StrCat("stopped by a signal after ", stage.name, " was complete; run the same command again to go on"));
}

// The newest attempt; empty if there is none.
std::string NewestAttempt(const StageRun& stage) {
  return stage.attempts().empty() ? "" : stage.attempts().rbegin()->attempt_id();
}

// What the stage is to do. A chain that train would refuse after load is refused before load.
absl::StatusOr<StagePlan> PlanStage(const Stage& stage, const PlanContext& context, MetadataStore& store,
                                    Metadata& record) {
  ASSIGN_OR_RETURN(StagePlan plan, PlanWithoutLock(context, store, stage.plan, record));
  if (plan.action != Action::kSkip && stage.name == kLoadStage) {
    RETURN_IF_ERROR(CheckTrainAfterLoad(context, record, plan));
  }
  return plan;
}

// The same for people.
std::string Forecast(absl::string_view stage, const StagePlan& plan, const StageRun& recorded) {
  switch (plan.action) {
    case Action::kSkip:
      return "is complete, would be skipped";
    case Action::kStartOver:
      return "would start over; what stands there unfinished is put aside";
    case Action::kAmend:
      return absl::StrCat("would go on from its newest snapshot with", ChangeLines(plan.changes));
    default:
      break;
  }
  if (!recorded.has_key() || !plan.changes.empty()) return "would run";
  // Only training leaves something to go on from.
  return stage == kTrainStage ? "would go on from what it left" : "would run again";
}

// What was done with a stage that has just ended well; `before` was its newest attempt when it was started.
absl::StatusOr<std::string> ResultOf(const Stage& stage, const Metadata& record, const std::string& before) {
  const StageRun& recorded = stage.recorded(record);
  if (recorded.status() != StageRun::COMPLETE) {
    return absl::InternalError(absl::StrCat(stage.name, " ended with exit code 0, but the record says that it is ",
                                            StageRun::Status_Name(recorded.status())));
  }
  // Another process completed it first.
  if (NewestAttempt(recorded) == before) return std::string("skipped");
  const Attempt* const attempt = recorded.attempts().empty() ? nullptr : &*recorded.attempts().rbegin();
  if (attempt == nullptr || !attempt->has_resumed_from_step()) return std::string("ran");
  return absl::StrCat("resumed from step ", attempt->resumed_from_step());
}

}  // namespace

absl::StatusOr<std::string> DryRun(const StageOptions& options) {
  FileSystem& fs = *options.fs;
  const RunDirectory run(options.run_dir);
  RETURN_IF_ERROR(CheckAllowedNames(options.allow_changes));
  ASSIGN_OR_RETURN(const PipelineConfig config, ResolveConfig(options));
  ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(fs, run.path(), config.name()));
  Metadata record;
  DigestCache digests(fs, run.DigestCacheFile());
  const PlanContext context = {fs, run, config, options.start_over, options.allow_changes, digests};

  std::string text;
  absl::string_view first;
  for (const Stage& stage : kStages) {
    if (!first.empty()) {
      // What it would do depends on what comes of that one.
      absl::StrAppend(&text, stage.name, " would follow ", first, "\n");
      continue;
    }
    ASSIGN_OR_RETURN(const StagePlan plan, PlanStage(stage, context, *store, record));
    if (plan.action != Action::kSkip) first = stage.name;
    absl::StrAppend(&text, stage.name, " ", Forecast(stage.name, plan, stage.recorded(record)),
                    plan.note.empty() ? "" : " (" + plan.note + ")", "\n");
  }
  return text;
}

absl::Status RunChain(const StageOptions& options, const std::string& program, std::string& summary) {
  InstallStopSignals();
  FileSystem& fs = *options.fs;
  const RunDirectory run(options.run_dir);
  RETURN_IF_ERROR(CheckAllowedNames(options.allow_changes));
  ASSIGN_OR_RETURN(const PipelineConfig config, ResolveConfig(options));
  ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(fs, run.path(), config.name()));
  Metadata record;

  std::optional<Work> work;
  std::vector<std::pair<std::string, std::string>> results;
  for (const Stage& stage : kStages) {
    // Each stage that ran has added to it.
    DigestCache digests(fs, run.DigestCacheFile());
    const PlanContext context = {fs, run, config, options.start_over, options.allow_changes, digests};
    ASSIGN_OR_RETURN(const StagePlan plan, PlanStage(stage, context, *store, record));
    digests.Save();
    if (plan.action == Action::kSkip) {
      LOG(INFO) << stage.name << ": complete, skipped" << (plan.note.empty() ? "" : " (" + plan.note + ")");
      results.emplace_back(stage.name, "skipped");
      continue;
    }
    const bool first = !work.has_value();
    if (first) {
      ASSIGN_OR_RETURN(work, Begin(fs, run, config));
      // A process that has just ended may have added to it.
      ASSIGN_OR_RETURN(record, store->Read());
    }
    const std::string attempt_before = NewestAttempt(stage.recorded(record));
    const absl::Status ran = RunStage(options, program, stage);
    if (first && absl::IsInvalidArgument(ran)) RETURN_IF_ERROR(RestoreConfig(fs, run, work->config_before));
    RETURN_IF_ERROR(ran);
    ASSIGN_OR_RETURN(record, store->Read());
    ASSIGN_OR_RETURN(std::string result, ResultOf(stage, record, attempt_before));
    results.emplace_back(stage.name, std::move(result));
  }
  if (!work.has_value()) {
    const absl::Status saved = SaveConfig(fs, run.path(), config);
    LOG_IF(WARNING, !saved.ok()) << "the configuration is not kept for the next time: " << saved.message();
  }
  summary = Summary(record, run.path(), results);
  return absl::OkStatus();
}

}  // namespace baton
