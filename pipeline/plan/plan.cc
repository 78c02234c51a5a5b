#include "pipeline/plan/plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "base/status_macros.h"
#include "data/raw_file_format.h"
#include "optim/schedule.h"
#include "pipeline/plan/initial_weights.h"
#include "pipeline/plan/keys.h"
#include "pipeline/plan/outputs.h"
#include "pipeline/plan/train_goal.h"

namespace baton {
namespace {

// Sets action and note of a plan whose inputs stand. `changes` are those since the recorded key, empty under the same.
// `verify` is asked only of what is complete under the key; `has_progress` and `wants_more` are train's.
struct Stage {
  absl::string_view name;
  const StageRun& recorded;
  absl::FunctionRef<absl::Status()> verify;
  bool has_progress = false;
  bool wants_more = false;
};

absl::string_view StatusWord(StageRun::Status status) {
  switch (status) {
    case StageRun::INTERRUPTED:
      return "interrupted";
    case StageRun::FAILED:
      return "failed";
    default:
      return "killed";
  }
}

absl::Status RefuseToAbandon(const Stage& stage, const std::vector<InputChange>& changes) {
  return absl::InvalidArgumentError(absl::StrCat(
      stage.name, " is unfinished (", StatusWord(stage.recorded.status()),
      ") and this changed since it was begun:", ChangeLines(changes),
      "\nPut back what changed, and the same command goes on where it stopped; or give --start_over to begin again "
      "with "
      "what is now (what was written under the old key stays)",
      CanBeAllowed(changes) ? "; or name what may change in --allow_changes=NAME,... to go on from the newest snapshot "
                              "with it, which the record then says."
                            : "."));
}

absl::StatusOr<Recorded> WhatIsRecorded(const Stage& stage, bool same_key, std::string& note) {
  if (!stage.recorded.has_key()) return Recorded::kNothing;
  if (stage.recorded.status() != StageRun::COMPLETE) return Recorded::kUnfinished;
  if (!same_key) return Recorded::kComplete;
  const absl::Status verified = stage.verify();
  if (absl::IsNotFound(verified) || absl::IsDataLoss(verified)) {
    note = absl::StrCat("was complete, but ", verified.message(), "; it is done again");
    return Recorded::kDamaged;
  }
  RETURN_IF_ERROR(verified);
  return stage.wants_more ? Recorded::kWantsMore : Recorded::kComplete;
}

absl::Status DecideStage(const PlanContext& context, const Stage& stage, StagePlan& plan) {
  const bool same_key = stage.recorded.has_key() && plan.changes.empty();
  const bool allow_changes = stage.name == kTrainStage && !context.allow_changes.empty();
  ASSIGN_OR_RETURN(const Recorded recorded, WhatIsRecorded(stage, same_key, plan.note));
  plan.action = Decide({.recorded = recorded,
                        .same_key = same_key,
                        .has_progress = stage.has_progress,
                        .start_over = context.start_over,
                        .allow_changes = allow_changes});
  if (plan.action == Action::kRefuse) return RefuseToAbandon(stage, plan.changes);
  if (plan.action == Action::kAmend) return CheckAllowed(plan.changes, context.allow_changes);
  if (plan.action == Action::kSkip && context.start_over) {
    plan.note = "--start_over begins again only what is unfinished";
  }
  if (stage.recorded.has_key() && !same_key) {
    plan.note =
        absl::StrCat("runs under a new key, since this changed (earlier results stay):", ChangeLines(plan.changes));
  }
  return absl::OkStatus();
}

// Why training that is complete stays as it is, where its goal may let people expect something else.
std::string NoteOnGoal(const PipelineConfig& config, const TrainSection& train) {
  const Goal goal(config.train());
  const Position position = RecordedPosition(train);
  const std::string done = absl::StrCat(position.epochs, " epochs, ", position.steps, " steps");
  if (goal.IsPassed(position)) return absl::StrCat(goal.Text(), ", and ", done, " were done before");
  if (train.stop_reason() != TrainSection::EARLY_STOPPING || goal.IsReached(position)) return "";
  return absl::StrCat("it stopped early, after ", done, "; ", goal.Text());
}

uint64_t TrainRows(const LoadSection& load) {
  for (const SplitSummary& split : load.splits()) {
    if (split.name() == "train") return split.rows();
  }
  return 0;
}

// What a training depends on that is of `load`'s dataset and begins with these weights. A schedule that leaves
// its end open ends where the recorded one does, since a raised goal does not move it; where nothing is recorded, at
// the goal.
struct TrainingInputs {
  PipelineConfig config;
  KeyInputs inputs;
  std::vector<InputChange> changes;  // since the recorded one
};

TrainingInputs MakeTraining(const PipelineConfig& config, const LoadSection& load, const StageRun& recorded,
                            const InitialWeights& initial_weights, std::optional<uint64_t> horizon_steps) {
  const uint64_t goal_steps = Goal(config.train()).Steps(StepsPerEpoch(TrainRows(load), config.train()));
  TrainingInputs training;
  training.config = WithHorizon(config, horizon_steps.value_or(goal_steps));
  training.inputs = TrainKey(training.config, load.dataset_version(), initial_weights);
  training.changes = ChangesSince(recorded, training.inputs);
  return training;
}

absl::Status NotCurrent(absl::string_view stage, const StageRun& recorded, const std::vector<InputChange>& changes) {
  if (recorded.status() != StageRun::COMPLETE) {
    return absl::InvalidArgumentError(
        absl::StrCat(stage, " is not complete in this run directory: run ", stage, " first"));
  }
  if (changes.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(stage, "'s results are of another configuration: run ", stage,
                                                 " first, or put back what changed since:", ChangeLines(changes)));
}

// OK if load is complete under the configuration. What comes after it needs no raw file.
absl::Status CheckLoadIsCurrent(const PipelineConfig& config, const LoadSection& load) {
  return NotCurrent(kLoadStage, load.stage(), ChangesSince(load.stage(), LoadKey(config, load.raw_file_sha256())));
}

// The same of train. As load's raw file, the weights that training began with need not be there any more.
absl::Status CheckTrainIsCurrent(const PipelineConfig& config, const LoadSection& load, const TrainSection& train) {
  const TrainingInputs training =
      MakeTraining(config, load, train.stage(), train.initial_weights(), HorizonSteps(RecordedInputs(train.stage())));
  RETURN_IF_ERROR(NotCurrent(kTrainStage, train.stage(), training.changes));
  if (!TrainWantsMore(config, train)) return absl::OkStatus();
  const Position position = RecordedPosition(train);
  return absl::InvalidArgumentError(absl::StrCat("train has done ", position.epochs, " epochs, ", position.steps,
                                                 " steps, and ", Goal(config.train()).Text(),
                                                 ": run train first, or put it back"));
}

// A round of the bias-variance decomposition trains from the beginning as this configuration says: what is recorded has
// come about in this way.
absl::Status CheckCanTrainRounds(const PipelineConfig& config, const TrainSection& train) {
  const std::vector<FieldValue> recorded = RecordedInputs(train.stage());
  constexpr char kWayOut[] = ", or set evaluate.bias_variance.rounds=0 to evaluate without bias and variance";
  if (const std::string* step = FindValue(recorded, kAmendedStepInput); step != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "evaluate.bias_variance trains models in the way in which this one was trained, but this training was changed "
        "at step ",
        *step,
        " (inspect show lists how), and no configuration does that again: train one under this configuration "
        "from the beginning (--start_over, or another --run_dir)",
        kWayOut));
  }
  const Position position = RecordedPosition(train);
  if (!Goal(config.train()).IsPassed(position)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "evaluate.bias_variance trains models as this one was trained, which has done ", position.epochs, " epochs, ",
      position.steps, " steps, but now ", Goal(config.train()).Text(), ": put the goal back", kWayOut));
}

// The schedule, whose end the configuration names, has room after its warmup.
absl::Status CheckWarmup(const TrainConfig& config) {
  const uint64_t warmup = config.schedule().warmup_steps(), horizon = config.schedule().horizon_steps();
  if (!HasHorizon(config.schedule()) || warmup < horizon) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("train.schedule.warmup_steps is ", warmup, ", but all of the schedule has ", horizon,
                   " steps (horizon_steps, or where training is to end); lower it, or train longer"));
}

absl::StatusOr<StagePlan> PlanTraining(const PlanContext& context, const LoadSection& load, const TrainSection& train) {
  ASSIGN_OR_RETURN(const bool has_progress, HasSnapshots(context.fs, context.run, train));
  const std::vector<FieldValue> recorded = RecordedInputs(train.stage());
  const InitialWeights& begun_with = train.initial_weights();
  // What is complete stays, and so does the end of its schedule.
  const bool complete = train.stage().status() == StageRun::COMPLETE;
  const std::optional<uint64_t> horizon = context.start_over && !complete ? std::nullopt : HorizonSteps(recorded);
  TrainingInputs training = MakeTraining(context.config, load, train.stage(), begun_with, horizon);

  // A training that goes on read its weights before its first step and never will again: they are those that it began
  // with, even if their source is gone or has others now.
  const bool goes_on =
      complete ? training.changes.empty() || (has_progress && !context.allow_changes.empty()) : has_progress;
  ASSIGN_OR_RETURN(InitialWeightsSource source,
                   FindInitialWeights(context.fs, context.run, context.config.train(),
                                      goes_on && !context.start_over ? begun_with : InitialWeights(), context.digests));
  if (!SameWeights(source.weights, begun_with)) {
    training = MakeTraining(context.config, load, train.stage(), source.weights, horizon);
  }

  StagePlan plan;
  plan.changes = training.changes;
  RETURN_IF_ERROR(
      DecideStage(context,
                  {.name = kTrainStage,
                   .recorded = train.stage(),
                   .verify = [&] { return VerifyOutputs(context.run, train.model_artifacts(), context.digests); },
                   .has_progress = has_progress,
                   .wants_more = TrainWantsMore(context.config, train)},
                  plan));
  if (!plan.changes.empty() && plan.action != Action::kAmend) {
    // Another training: its schedule ends at its own goal.
    training = MakeTraining(context.config, load, train.stage(), source.weights, std::nullopt);
  }
  if (plan.action == Action::kStartOver) {
    if (const std::string* from = FindValue(recorded, kAmendedFromInput); from != nullptr) {
      // Begun again it is another training: one that has what is configured from its first step on.
      plan.action = Action::kWork;
      plan.changes = {{kAmendedFromInput, *from, ""}};
      plan.note = absl::StrCat("begins again, without what was changed on its way:", ChangeLines(plan.changes));
    }
  }
  plan.config = std::move(training.config);
  plan.inputs = std::move(training.inputs);
  if (plan.changes.empty() && train.stage().has_key()) {
    // With what an amendment before says of itself.
    plan.inputs = KeyInputs();
    plan.inputs.Add(recorded);
  }
  plan.initial_weights = std::move(source.weights);
  if (plan.note.empty()) plan.note = std::move(source.note);
  if (plan.note.empty() && plan.action == Action::kSkip) plan.note = NoteOnGoal(context.config, train);
  return plan;
}

}  // namespace

absl::StatusOr<StagePlan> PlanLoad(const PlanContext& context, const Metadata& record) {
  const LoadSection& load = record.load();
  const std::string& path = context.config.load().raw_filepath();
  StagePlan plan;
  RETURN_IF_ERROR(ResolveRawFileFormat(context.config.load()).status());
  const absl::StatusOr<FileDigest> raw = context.digests.Sha256(path);
  std::string note;
  if (raw.ok()) {
    plan.raw_file = *raw;
  } else if (absl::IsNotFound(raw.status()) && path == load.raw_filepath() &&
             CheckLoadIsCurrent(context.config, load).ok()) {
    // No stage after load needs it: a run directory goes on where the raw file is not.
    plan.raw_file = {load.raw_file_size(), load.raw_file_sha256()};
    note = absl::StrCat(path, " is no longer there; the dataset that was made of it is used");
  } else {
    return Annotate(raw.status(), "load.raw_filepath");
  }
  plan.inputs = LoadKey(context.config, plan.raw_file.hex);
  plan.changes = ChangesSince(load.stage(), plan.inputs);
  RETURN_IF_ERROR(DecideStage(context,
                              {.name = kLoadStage,
                               .recorded = load.stage(),
                               .verify = [&] { return VerifyOutputs(context.run, load.outputs(), context.digests); }},
                              plan));
  // What is to be made again is made of the raw file.
  if (plan.action != Action::kSkip && !raw.ok()) return Annotate(raw.status(), "load.raw_filepath");
  if (plan.note.empty()) plan.note = std::move(note);
  return plan;
}

absl::StatusOr<StagePlan> PlanTrain(const PlanContext& context, const Metadata& record) {
  RETURN_IF_ERROR(CheckLoadIsCurrent(context.config, record.load()));
  ASSIGN_OR_RETURN(StagePlan plan, PlanTraining(context, record.load(), record.train()));
  RETURN_IF_ERROR(CheckWarmup(plan.config.train()));
  return plan;
}

absl::StatusOr<StagePlan> PlanEvaluate(const PlanContext& context, const Metadata& record) {
  RETURN_IF_ERROR(CheckLoadIsCurrent(context.config, record.load()));
  RETURN_IF_ERROR(CheckTrainIsCurrent(context.config, record.load(), record.train()));
  const EvaluateSection& evaluate = record.evaluate();
  if (context.config.evaluate().bias_variance().rounds() > 0) {
    RETURN_IF_ERROR(CheckCanTrainRounds(context.config, record.train()));
  }
  StagePlan plan;
  plan.config = WithHorizon(context.config, HorizonSteps(RecordedInputs(record.train().stage())).value_or(0));
  plan.inputs = EvaluateKey(context.config, record.load().dataset_version(), record.train());
  plan.changes = ChangesSince(evaluate.stage(), plan.inputs);
  RETURN_IF_ERROR(
      DecideStage(context,
                  {.name = kEvaluateStage,
                   .recorded = evaluate.stage(),
                   .verify = [&] { return VerifyOutputs(context.run, evaluate.outputs(), context.digests); }},
                  plan));
  return plan;
}

absl::Status CheckTrainAfterLoad(const PlanContext& context, const Metadata& record, const StagePlan& load) {
  // What is complete is left where it is, unless it is to go on.
  const bool complete = record.train().stage().status() == StageRun::COMPLETE;
  if (complete && context.allow_changes.empty()) return absl::OkStatus();
  LoadSection expected = record.load();
  if (!load.changes.empty() || !expected.has_dataset_version()) {
    std::vector<std::string> changed;
    for (const InputChange& change : load.changes) {
      changed.push_back(absl::StrCat(change.name, ": ", change.old_value, " -> ", change.new_value));
    }
    expected.set_dataset_version(absl::StrCat("(made again, since ", absl::StrJoin(changed, ", "), ")"));
  }
  return PlanTraining(context, expected, record.train()).status();
}

}  // namespace baton
