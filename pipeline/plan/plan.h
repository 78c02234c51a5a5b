#ifndef BATON_PIPELINE_PLAN_PLAN_H_
#define BATON_PIPELINE_PLAN_PLAN_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/digest_cache.h"
#include "base/file_system.h"
#include "base/key.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config/config.pb.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/plan/amend.h"
#include "pipeline/plan/decide.h"

namespace baton {

// What a command will do, decided in one place for every caller: `run`, which starts a stage only where there is work,
// and each stage, before it takes its lock and again under it (pipeline/plan/stage_work.h). Free of torch, and nothing
// is changed. docs/planning.md has the table of situations and decisions.

struct PlanContext {
  FileSystem& fs;
  const RunDirectory& run;
  const PipelineConfig& config;
  bool start_over = false;
  const std::vector<std::string>& allow_changes;
  DigestCache& digests;
};

struct StagePlan {
  // Never kRefuse: that is an error.
  Action action = Action::kWork;
  // What the stage's result depends on. Of an amendment: without where it comes from, which follows from the step.
  KeyInputs inputs;
  // What people may want to know of it, e.g. why it is done; often empty.
  std::string note;
  // Of load: the raw file's digest. Of train and evaluate: empty.
  FileDigest raw_file;
  // Of train and evaluate: the configuration with the step at which training's schedule ends. Of train: the weights
  // that it begins with, empty where none are configured; of an amendment, what changes.
  PipelineConfig config;
  InitialWeights initial_weights;
  std::vector<InputChange> changes;
};

// Errors are those that refuse to work: NotFound or DataLoss of an input, InvalidArgument where unfinished progress
// would be abandoned, with each value that changed and the choices, or where the stage before is not complete under
// this configuration.
absl::StatusOr<StagePlan> PlanLoad(const PlanContext& context, const Metadata& record);
absl::StatusOr<StagePlan> PlanTrain(const PlanContext& context, const Metadata& record);
absl::StatusOr<StagePlan> PlanEvaluate(const PlanContext& context, const Metadata& record);

// To be asked before load works as `load` plans: an error if train would then refuse, so that a chain is refused before
// it has done anything. A dataset that is made again under another key is taken for another one.
absl::Status CheckTrainAfterLoad(const PlanContext& context, const Metadata& record, const StagePlan& load);

}  // namespace baton

#endif  // BATON_PIPELINE_PLAN_PLAN_H_
