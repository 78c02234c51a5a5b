#include "pipeline/plan/plan.h"

#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "base/status_macros.h"
#include "pipeline/plan/initial_weights.h"
#include "pipeline/plan/keys.h"
#include "pipeline/plan/outputs.h"
#include "pipeline/plan/train_goal.h"

namespace baton {
namespace {

absl::StatusOr<Decision> Decide(const PlanContext& context, absl::string_view stage, const StageRun& recorded,
                                const KeyInputs& inputs, bool has_progress,
                                const google::protobuf::RepeatedPtrField<Artifact>& outputs) {
  const StageSituation situation = {
      .stage = stage,
      .recorded = recorded,
      .inputs = inputs,
      .start_over = context.start_over,
      .has_progress = has_progress,
      .quiet = context.quiet,
      .allow_changes = stage == kTrainStage ? context.allow_changes : std::vector<std::string>()};
  return DecideStage(situation, [&] { return VerifyOutputs(context.run, outputs, context.digests); });
}

// Why training that is complete stays as it is, where train.max_epochs may let people expect something else.
std::string NoteOnEpochs(const PipelineConfig& config, const TrainSection& train) {
  const uint64_t done = EpochsDone(train), limit = config.train().max_epochs();
  if (limit < done) return absl::StrCat("train.max_epochs is ", limit, ", and ", done, " epochs were done before");
  if (limit == done || train.stop_reason() != TrainSection::EARLY_STOPPING) return "";
  return absl::StrCat("it stopped early, after ", done, " of at most ", limit, " epochs");
}

// The weights that count for train's key. A training that goes on read them before its first step and never will again:
// they are those with which it began, even if their source is gone or has others now.
absl::StatusOr<InitialWeightsSource> FindTrainWeights(const PlanContext& context, const Metadata& record,
                                                      const LoadSection& load, bool has_progress) {
  const TrainSection& train = record.train();
  const InitialWeights& begun_with = train.initial_weights();
  const bool same_key = train.stage().key() == TrainKey(context.config, load, train, begun_with.sha256(), {}).Key();
  // What is complete is left as it is, or goes on with what may change; what is unfinished goes on, or is refused to.
  const bool goes_on = train.stage().status() == StageRun::COMPLETE
                           ? same_key || (has_progress && !context.allow_changes.empty())
                           : has_progress;
  return FindInitialWeights(context.fs, context.run, context.config.train(),
                            goes_on && !context.start_over ? begun_with : InitialWeights(), context.digests);
}

}  // namespace

absl::StatusOr<StagePlan> PlanLoad(const PlanContext& context, const Metadata& record) {
  const LoadSection& load = record.load();
  const std::string& path = context.config.load().raw_filepath();
  const absl::StatusOr<FileDigest> raw = context.digests.Sha256(path);
  StagePlan plan;
  if (raw.ok()) {
    plan.inputs = LoadKey(context.config, raw->hex);
  } else if (absl::IsNotFound(raw.status()) && path == load.raw_filepath() &&
             CheckLoadIsCurrent(context.config, load).ok()) {
    // No stage after load needs it: a run directory goes on where the raw file is not.
    plan.inputs = LoadKey(context.config, load.raw_file_sha256());
    plan.note = absl::StrCat(path, " is no longer there; the dataset that was made of it is used");
  } else {
    return Annotate(raw.status(), "load.raw_filepath");
  }
  ASSIGN_OR_RETURN(plan.decision, Decide(context, kLoadStage, load.stage(), plan.inputs,
                                         /*has_progress=*/false, load.outputs()));
  return plan;
}

absl::StatusOr<StagePlan> PlanTrain(const PlanContext& context, const Metadata& record) {
  StagePlan plan;
  ASSIGN_OR_RETURN(const bool has_progress, HasSnapshots(context.fs, context.run, record.train()));
  ASSIGN_OR_RETURN(InitialWeightsSource source, FindTrainWeights(context, record, record.load(), has_progress));
  plan.initial_weights = std::move(source.weights);
  plan.note = std::move(source.note);
  plan.inputs = TrainKey(context.config, record.load(), context.start_over ? TrainSection() : record.train(),
                         plan.initial_weights.sha256(), context.allow_changes);
  ASSIGN_OR_RETURN(plan.decision, Decide(context, kTrainStage, record.train().stage(), plan.inputs, has_progress,
                                         record.train().model_artifacts()));
  if (plan.decision != Decision::kSkip) return plan;
  if (TrainWantsMore(context.config, record.train())) {
    plan.decision = Decision::kResume;
  } else if (plan.note.empty()) {
    plan.note = NoteOnEpochs(context.config, record.train());
  }
  return plan;
}

absl::StatusOr<StagePlan> PlanEvaluate(const PlanContext& context, const Metadata& record) {
  StagePlan plan;
  plan.inputs = EvaluateKey(context.config, record.train(), record.load());
  ASSIGN_OR_RETURN(plan.decision, Decide(context, kEvaluateStage, record.evaluate().stage(), plan.inputs,
                                         /*has_progress=*/false, record.evaluate().outputs()));
  return plan;
}

absl::Status CheckUnfinishedTraining(const PlanContext& context, const Metadata& record, const StagePlan& load) {
  // What is complete is left where it is, unless it is to go on.
  const bool complete = record.train().stage().status() == StageRun::COMPLETE;
  if (complete && context.allow_changes.empty()) return absl::OkStatus();
  LoadSection expected;
  if (record.load().stage().key() == load.inputs.Key() && record.load().has_dataset_version()) {
    // The same key gives the same dataset again.
    expected.set_dataset_version(record.load().dataset_version());
  } else {
    const std::vector<std::string> changes =
        DescribeChanges(RecordedInputs(record.load().stage()), load.inputs.values());
    expected.set_dataset_version(absl::StrCat("(made anew, since ", absl::StrJoin(changes, ", "), ")"));
  }
  ASSIGN_OR_RETURN(const bool has_progress, HasSnapshots(context.fs, context.run, record.train()));
  ASSIGN_OR_RETURN(const InitialWeightsSource source, FindTrainWeights(context, record, expected, has_progress));
  const KeyInputs inputs =
      TrainKey(context.config, expected, record.train(), source.weights.sha256(), context.allow_changes);
  return Decide(context, kTrainStage, record.train().stage(), inputs, has_progress, {}).status();
}

}  // namespace baton
