#ifndef BATON_PIPELINE_PLAN_PLAN_H_
#define BATON_PIPELINE_PLAN_PLAN_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/digest_cache.h"
#include "base/file_system.h"
#include "base/key.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config/config.pb.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/plan/decide.h"

namespace baton {

// What the stages would decide if they were started, found by their own rules (pipeline/plan/decide.h) without starting
// them: a program that links libtorch takes a third of a second only to begin. Nothing is changed. The stage that is
// started decides once more, under its lock; train does it with PlanTrain().

struct PlanContext {
  FileSystem& fs;
  const RunDirectory& run;
  const PipelineConfig& config;
  bool start_over = false;
  const std::vector<std::string>& allow_changes;
  DigestCache& digests;
  // Log nothing: another process will decide again and say it.
  bool quiet = true;
};

struct StagePlan {
  Decision decision = Decision::kStart;
  KeyInputs inputs;
  // What people may want to know of it; often empty.
  std::string note;
  // Of train: with which it begins; empty where none are configured.
  InitialWeights initial_weights;
};

// Errors are those with which the stage would refuse, and those of reading. Train is planned when load is complete,
// evaluate when both are.
absl::StatusOr<StagePlan> PlanLoad(const PlanContext& context, const Metadata& record);
absl::StatusOr<StagePlan> PlanTrain(const PlanContext& context, const Metadata& record);
absl::StatusOr<StagePlan> PlanEvaluate(const PlanContext& context, const Metadata& record);

// To be asked before load is started with `load`: the refusal with which train would end the chain after load has made
// a dataset under another key than the one that unfinished training was begun with. That the dataset may come out the
// same is left aside.
absl::Status CheckUnfinishedTraining(const PlanContext& context, const Metadata& record, const StagePlan& load);

}  // namespace baton

#endif  // BATON_PIPELINE_PLAN_PLAN_H_
