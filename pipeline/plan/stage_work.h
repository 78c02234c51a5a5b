#ifndef BATON_PIPELINE_PLAN_STAGE_WORK_H_
#define BATON_PIPELINE_PLAN_STAGE_WORK_H_

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/digest_cache.h"
#include "base/lock.h"
#include "metadata/metadata.pb.h"
#include "metadata/store.h"
#include "pipeline/config/config.pb.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/config/stage_options.h"
#include "pipeline/plan/plan.h"

namespace baton {

using Planner = absl::StatusOr<StagePlan> (*)(const PlanContext& context, const Metadata& record);

// What a stage holds while it works.
struct StageWork {
  // The stage's own, exclusively, and those of the stages whose outputs it reads.
  std::vector<std::unique_ptr<FileLock>> locks;
  std::unique_ptr<MetadataStore> store;
  // As it was when `plan` was made, under the locks.
  Metadata record;
  StagePlan plan;
};

// Asks the planner about the record as it is, and gives that too. Where it refuses (InvalidArgument), another process
// at work may be the reason: then Unavailable; else it is asked once more while nobody can begin.
absl::StatusOr<StagePlan> PlanWithoutLock(const PlanContext& context, MetadataStore& store, Planner planner,
                                          Metadata& record);

// Asks the planner without a lock, so that nothing is written where there is nothing to do; where there is work, takes
// the locks, reads the record again and asks once more, since another process may have been faster: that answer counts.
// nullopt if there is nothing to do; the configuration is then kept in the run directory, if that can be written to.
// Unavailable if another process is at work.
absl::StatusOr<std::optional<StageWork>> BeginWork(const StageOptions& options, const PipelineConfig& config,
                                                   const RunDirectory& run, absl::string_view stage, Planner planner,
                                                   DigestCache& digests);

}  // namespace baton

#endif  // BATON_PIPELINE_PLAN_STAGE_WORK_H_
