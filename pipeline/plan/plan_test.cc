#include "pipeline/plan/plan.h"

#include <string>

#include "base/digest.h"
#include "base/files.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "pipeline/plan/amend.h"
#include "pipeline/plan/keys.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A run directory in which all three stages are complete, with a file each.
class PlanTest : public testing::Test {
 protected:
  PlanTest()
      : folder_(testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name()),
        run_(folder_ + "/run") {
    EXPECT_THAT(RemoveTree(fs_, folder_), IsOk());
    Write(raw_, "x,y\n1,2\n");
    config_.set_seed(1);
    config_.mutable_load()->set_raw_filepath(raw_);
    config_.mutable_train()->set_max_epochs(2);

    LoadSection& load = *record_.mutable_load();
    load.set_dataset_version("sha256:dada");
    load.set_raw_file_sha256(Sha256Hex("x,y\n1,2\n"));
    SplitSummary& split = *load.add_splits();
    split.set_name("train");
    split.set_rows(96);  // three steps an epoch
    *load.add_outputs() = Output("load/k/train.safetensors");
    Complete(LoadKey(config_, Sha256Hex("x,y\n1,2\n")), *load.mutable_stage());

    TrainSection& train = *record_.mutable_train();
    train.set_stop_reason(TrainSection::MAX_EPOCHS);
    train.set_epochs_done(2);
    train.set_steps_done(6);
    train.mutable_last_snapshot()->set_model_sha256("1a57");
    train.mutable_last_snapshot()->set_step_index(6);
    Complete(TrainKey(config_, "sha256:dada"), *train.mutable_stage());
    *train.add_model_artifacts() = Output(TrainFolder() + "/step-000000000006/model.safetensors");

    EvaluateSection& evaluate = *record_.mutable_evaluate();
    *evaluate.add_outputs() = Output("evaluate/k/report.html");
    Complete(EvaluateKey(config_, "sha256:dada", train), *evaluate.mutable_stage());
  }

  void Write(const std::string& path, const std::string& contents) {
    ASSERT_THAT(MakeFolders(fs_, ParentFolder(path)), IsOk());
    ASSERT_THAT(ReplaceFile(fs_, path, contents), IsOk());
  }
  void Remove(const std::string& path) { ASSERT_THAT(RemoveTree(fs_, JoinPath(run_.path(), path)), IsOk()); }
  // Writes a file whose content is its name.
  Artifact Output(const std::string& path) {
    Write(JoinPath(run_.path(), path), path);
    Artifact output;
    output.set_path(path);
    output.set_size_bytes(path.size());
    output.set_sha256(Sha256Hex(path));
    return output;
  }
  static void Complete(const KeyInputs& inputs, StageRun& stage) {
    stage.set_key(inputs.Key());
    stage.set_status(StageRun::COMPLETE);
    for (const auto& [name, value] : inputs.values()) {
      KeyInput& input = *stage.add_key_inputs();
      input.set_name(name);
      input.set_value(value);
    }
  }
  std::string TrainFolder() const { return "train/" + record_.train().stage().key(); }
  void InterruptTraining() { record_.mutable_train()->mutable_stage()->set_status(StageRun::INTERRUPTED); }

  using Planner = absl::StatusOr<StagePlan> (*)(const PlanContext&, const Metadata&);
  absl::StatusOr<StagePlan> Plan(Planner planner) {
    DigestCache digests(fs_, run_.DigestCacheFile());
    return planner({fs_, run_, config_, start_over_, allow_changes_, digests}, record_);
  }
  // What is planned; a failure if nothing can be.
  StagePlan Planned(Planner planner) {
    const absl::StatusOr<StagePlan> plan = Plan(planner);
    EXPECT_THAT(plan, IsOk());
    return plan.ok() ? *plan : StagePlan();
  }
  absl::Status Check() {
    DigestCache digests(fs_, run_.DigestCacheFile());
    return CheckTrainAfterLoad({fs_, run_, config_, start_over_, allow_changes_, digests}, record_, Planned(PlanLoad));
  }

  FileSystem& fs_ = FileSystem::Posix();
  const std::string folder_;
  const RunDirectory run_;
  const std::string raw_ = folder_ + "/raw.csv";
  PipelineConfig config_;
  Metadata record_;
  bool start_over_ = false;
  std::vector<std::string> allow_changes_;
};

TEST_F(PlanTest, CompleteStagesAreSkippedEvenWithStartOver) {
  for (const bool start_over : {false, true}) {
    start_over_ = start_over;
    for (const Planner planner : {PlanLoad, PlanTrain, PlanEvaluate}) {
      EXPECT_EQ(Planned(planner).action, Action::kSkip);
      EXPECT_EQ(Planned(planner).note, start_over ? "--start_over begins again only what is unfinished" : "");
    }
  }
}

TEST_F(PlanTest, NothingIsRecorded) {
  record_.Clear();
  EXPECT_EQ(Planned(PlanLoad).action, Action::kWork);
  EXPECT_THAT(Check(), IsOk());
}

TEST_F(PlanTest, ALostOutputIsMadeAgain) {
  Remove("load/k/train.safetensors");
  Remove(TrainFolder() + "/step-000000000006/model.safetensors");
  Remove("evaluate/k/report.html");
  for (const Planner planner : {PlanLoad, PlanTrain, PlanEvaluate}) {
    EXPECT_EQ(Planned(planner).action, Action::kWork);
  }
}

TEST_F(PlanTest, TheRawFileCountsByItsContent) {
  Write(raw_, "x,y\n1,2\n");
  EXPECT_EQ(Planned(PlanLoad).action, Action::kSkip);
  Write(raw_, "x,y\n1,3\n");
  EXPECT_EQ(Planned(PlanLoad).action, Action::kWork);
  ASSERT_THAT(RemoveTree(fs_, raw_), IsOk());
  EXPECT_THAT(Plan(PlanLoad),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("load.raw_filepath"), HasSubstr(raw_))));
}

TEST_F(PlanTest, TheRawFileMayBeGoneOnceItsDatasetIsThere) {
  record_.mutable_load()->set_raw_filepath(raw_);
  ASSERT_THAT(RemoveTree(fs_, raw_), IsOk());
  EXPECT_EQ(Planned(PlanLoad).action, Action::kSkip);
  EXPECT_THAT(Planned(PlanLoad).note, HasSubstr(raw_));
  // But not if another dataset is wanted, or another file, which may be a slip of the pen.
  config_.set_seed(2);
  EXPECT_THAT(Plan(PlanLoad), StatusIs(absl::StatusCode::kNotFound, HasSubstr(raw_)));
  config_.set_seed(1);
  config_.mutable_load()->set_raw_filepath(folder_ + "/other.csv");
  EXPECT_THAT(Plan(PlanLoad), StatusIs(absl::StatusCode::kNotFound, HasSubstr("other.csv")));
}

TEST_F(PlanTest, InitialWeightsMayBeGoneOnceTrainingHasBegun) {
  const std::string gone = folder_ + "/gone";
  config_.mutable_train()->mutable_initial_weights()->set_snapshot(gone);
  TrainSection& train = *record_.mutable_train();
  train.mutable_initial_weights()->set_path(gone);
  train.mutable_initial_weights()->set_sha256("77");
  train.mutable_stage()->clear_key_inputs();
  Complete(TrainKey(config_, "sha256:dada", train.initial_weights()), *train.mutable_stage());
  EXPECT_EQ(Planned(PlanTrain).action, Action::kSkip);
  EXPECT_THAT(Planned(PlanTrain).note, AllOf(HasSubstr(gone), HasSubstr("SHA-256 77")));
  EXPECT_EQ(Planned(PlanTrain).initial_weights.sha256(), "77");
  // Another training needs them, and so does one that has not begun.
  config_.mutable_train()->set_batch_size(config_.train().batch_size() + 1);
  EXPECT_THAT(Plan(PlanTrain), StatusIs(absl::StatusCode::kNotFound, HasSubstr(gone)));
  config_.mutable_train()->set_batch_size(config_.train().batch_size() - 1);
  train.mutable_stage()->set_status(StageRun::RUNNING);
  EXPECT_THAT(Plan(PlanTrain), StatusIs(absl::StatusCode::kNotFound, HasSubstr(gone)));
}

TEST_F(PlanTest, AnotherSeedStartsLoadAndTrain) {
  config_.set_seed(2);
  EXPECT_EQ(Planned(PlanLoad).action, Action::kWork);
  EXPECT_THAT(Plan(PlanTrain), StatusIs(absl::StatusCode::kInvalidArgument,
                                        AllOf(HasSubstr("run load first"), HasSubstr("\n  seed: 1 -> 2"))));
}

TEST_F(PlanTest, AnotherModelIsEvaluated) {
  record_.mutable_train()->mutable_last_snapshot()->set_model_sha256("2b68");
  EXPECT_EQ(Planned(PlanEvaluate).action, Action::kWork);
}

TEST_F(PlanTest, MoreEpochsGoOn) {
  config_.mutable_train()->set_max_epochs(3);
  EXPECT_EQ(Planned(PlanTrain).action, Action::kWork);
}

TEST_F(PlanTest, FewerEpochsAreNoted) {
  config_.mutable_train()->set_max_epochs(1);
  EXPECT_EQ(Planned(PlanTrain).action, Action::kSkip);
  EXPECT_EQ(Planned(PlanTrain).note, "train.max_epochs is 1, and 2 epochs, 6 steps were done before");
}

TEST_F(PlanTest, EarlyStoppingIsNoted) {
  config_.mutable_train()->set_max_epochs(3);
  record_.mutable_train()->set_stop_reason(TrainSection::EARLY_STOPPING);
  EXPECT_EQ(Planned(PlanTrain).action, Action::kSkip);
  EXPECT_EQ(Planned(PlanTrain).note, "it stopped early, after 2 epochs, 6 steps; train.max_epochs is 3");
}

TEST_F(PlanTest, InterruptedTrainingGoesOnOrStartsOver) {
  InterruptTraining();
  EXPECT_EQ(Planned(PlanTrain).action, Action::kWork);
  start_over_ = true;
  EXPECT_EQ(Planned(PlanTrain).action, Action::kStartOver);
}

TEST_F(PlanTest, InterruptedTrainingOfAnotherKeyIsRefused) {
  InterruptTraining();
  config_.mutable_train()->set_batch_size(64);
  EXPECT_THAT(Plan(PlanTrain),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("train is unfinished (interrupted)"),
                             HasSubstr("\n  train.batch_size: 32 (the default) -> 64"), HasSubstr("Put back"),
                             HasSubstr("--start_over"), HasSubstr("--allow_changes"))));
  start_over_ = true;
  EXPECT_EQ(Planned(PlanTrain).action, Action::kWork);
  start_over_ = false;
  Remove(TrainFolder());
  EXPECT_EQ(Planned(PlanTrain).action, Action::kWork);
}

TEST_F(PlanTest, BeforeLoadRunsItIsKnownThatTrainWillRefuseAnotherSeed) {
  config_.set_seed(2);
  EXPECT_THAT(Check(), IsOk());
  InterruptTraining();
  EXPECT_THAT(Check(), StatusIs(absl::StatusCode::kInvalidArgument,
                                AllOf(HasSubstr("train is unfinished"), HasSubstr("\n  seed: 1 -> 2"))));
  start_over_ = true;
  EXPECT_THAT(Check(), IsOk());
}

TEST_F(PlanTest, BeforeLoadRunsItIsKnownThatTrainWillRefuseAnotherRawFile) {
  InterruptTraining();
  Write(raw_, "x,y\n1,3\n");
  EXPECT_THAT(Check(), StatusIs(absl::StatusCode::kInvalidArgument,
                                AllOf(HasSubstr("load.dataset: sha256:dada -> (made again, since raw_file.sha256: " +
                                                Sha256Hex("x,y\n1,2\n") + " -> " + Sha256Hex("x,y\n1,3\n") + ")"),
                                      Not(HasSubstr("seed")))));
}

TEST_F(PlanTest, LoadThatMakesTheSameAgainIsNoReasonToRefuse) {
  InterruptTraining();
  Remove("load/k/train.safetensors");
  EXPECT_EQ(Planned(PlanLoad).action, Action::kWork);
  EXPECT_THAT(Check(), IsOk());
}

TEST_F(PlanTest, StagesWantWhatTheyReadToBeOfThisConfiguration) {
  config_.mutable_train()->set_max_epochs(3);
  EXPECT_THAT(Plan(PlanEvaluate),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("train has done 2 epochs, 6 steps, and train.max_epochs is 3: run train first")));
  config_.mutable_train()->set_max_epochs(2);
  config_.mutable_train()->set_batch_size(16);
  EXPECT_THAT(Plan(PlanEvaluate),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("run train first"), HasSubstr("train.batch_size: 32 (the default) -> 16"))));
  record_.mutable_load()->mutable_stage()->set_status(StageRun::FAILED);
  EXPECT_THAT(Plan(PlanTrain), StatusIs(absl::StatusCode::kInvalidArgument,
                                        HasSubstr("load is not complete in this run directory: run load first")));
}

TEST_F(PlanTest, AWarmupLongerThanTheScheduleIsRefused) {
  ScheduleConfig& schedule = *config_.mutable_train()->mutable_schedule();
  schedule.mutable_cosine();
  schedule.set_warmup_steps(6);
  record_.clear_train();
  EXPECT_THAT(Plan(PlanTrain), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("all of the schedule has 6")));
  schedule.set_warmup_steps(5);
  EXPECT_THAT(Plan(PlanTrain), IsOk());
  // Before load has run nobody knows how many steps an epoch has.
  record_.Clear();
  EXPECT_THAT(Check(), IsOk());
}

TEST_F(PlanTest, RoundsAreTrainedAsTheModelWas) {
  config_.mutable_evaluate()->mutable_bias_variance()->set_rounds(20);
  EXPECT_EQ(Planned(PlanEvaluate).action, Action::kWork);
  EXPECT_NE(FindValue(Planned(PlanEvaluate).inputs.values(), "bias_variance.rounds_key"), nullptr);
  // Two epochs were done.
  config_.mutable_train()->set_max_epochs(1);
  EXPECT_THAT(Plan(PlanEvaluate),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("has done 2 epochs"), HasSubstr("evaluate.bias_variance.rounds=0"))));
  config_.mutable_train()->set_max_epochs(2);
  TrainSection& train = *record_.mutable_train();
  const KeyInputs amended = AmendedKey(TrainKey(config_, "sha256:dada"), train.stage(), 3);
  train.mutable_stage()->clear_key_inputs();
  Complete(amended, *train.mutable_stage());
  EXPECT_THAT(Plan(PlanEvaluate), StatusIs(absl::StatusCode::kInvalidArgument,
                                           AllOf(HasSubstr("changed at step 3"), HasSubstr("--start_over"))));
  config_.mutable_evaluate()->mutable_bias_variance()->set_rounds(0);
  EXPECT_EQ(Planned(PlanEvaluate).action, Action::kWork);
}

// The end of a schedule that names none is where training was to end when it began.
TEST_F(PlanTest, ARaisedGoalDoesNotMoveTheEndOfASchedule) {
  config_.mutable_train()->mutable_schedule()->mutable_cosine();
  record_.clear_train();
  EXPECT_EQ(HorizonSteps(Planned(PlanTrain).inputs.values()), 6);
  TrainSection& train = *record_.mutable_train();
  Complete(Planned(PlanTrain).inputs, *train.mutable_stage());
  train.set_stop_reason(TrainSection::MAX_EPOCHS);
  train.mutable_last_snapshot()->set_step_index(6);
  for (int epoch = 0; epoch < 2; ++epoch) train.add_history()->set_epoch_index(epoch);
  Write(JoinPath(run_.path(), TrainFolder() + "/step-000000000006/state.binpb"), "x");

  config_.mutable_train()->set_max_epochs(5);
  StagePlan plan = Planned(PlanTrain);
  EXPECT_EQ(plan.inputs.Key(), train.stage().key());
  EXPECT_EQ(plan.config.train().schedule().horizon_steps(), 6);
  EXPECT_EQ(plan.action, Action::kWork);
  // What is complete stays so whatever is said about what is not.
  train.mutable_stage()->set_status(StageRun::COMPLETE);
  train.set_epochs_done(5);
  train.set_steps_done(15);
  start_over_ = true;
  EXPECT_EQ(Planned(PlanTrain).inputs.Key(), train.stage().key());
  start_over_ = false;
  // Said by name, it is another training; and so it is with another batch size, whose schedule ends at its own goal.
  config_.mutable_train()->mutable_schedule()->set_horizon_steps(15);
  EXPECT_NE(Planned(PlanTrain).inputs.Key(), train.stage().key());
  config_.mutable_train()->mutable_schedule()->clear_horizon_steps();
  config_.mutable_train()->set_batch_size(48);
  EXPECT_EQ(HorizonSteps(Planned(PlanTrain).inputs.values()), 10);
  // Goes on with another batch size: the end stays where it is.
  allow_changes_ = {"train.batch_size"};
  plan = Planned(PlanTrain);
  EXPECT_EQ(plan.action, Action::kAmend);
  EXPECT_EQ(HorizonSteps(plan.inputs.values()), 6);
  ASSERT_EQ(plan.changes.size(), 1);
  EXPECT_EQ(plan.changes[0].name, "train.batch_size");
}

TEST_F(PlanTest, AnAmendedTrainingIsTheSameAsLongAsNothingElseChanges) {
  TrainSection& train = *record_.mutable_train();
  const KeyInputs amended = AmendedKey(TrainKey(config_, "sha256:dada"), train.stage(), 3);
  train.mutable_stage()->clear_key_inputs();
  Complete(amended, *train.mutable_stage());
  const StagePlan plan = Planned(PlanTrain);
  EXPECT_EQ(plan.action, Action::kSkip);
  EXPECT_EQ(plan.inputs.Key(), amended.Key());
  config_.mutable_train()->set_batch_size(16);
  EXPECT_EQ(AmendedStep(Planned(PlanTrain).inputs), std::nullopt);
}

// It is begun again as what is configured says, which the change on its way was no part of.
TEST_F(PlanTest, AnAmendedTrainingThatIsStartedOverIsAnother) {
  TrainSection& train = *record_.mutable_train();
  const KeyInputs configured = TrainKey(config_, "sha256:dada");
  const KeyInputs amended = AmendedKey(configured, train.stage(), 3);
  train.mutable_stage()->clear_key_inputs();
  Complete(amended, *train.mutable_stage());
  InterruptTraining();
  EXPECT_EQ(Planned(PlanTrain).inputs.Key(), amended.Key());
  start_over_ = true;
  const StagePlan plan = Planned(PlanTrain);
  EXPECT_EQ(plan.action, Action::kWork);
  EXPECT_EQ(plan.inputs.Key(), configured.Key());
  EXPECT_THAT(plan.note, HasSubstr("without what was changed on its way"));
}

TEST_F(PlanTest, OnlyWhatIsNamedMayChange) {
  InterruptTraining();
  config_.mutable_train()->set_batch_size(16);
  config_.mutable_train()->set_clip_norm(5);
  allow_changes_ = {"train.batch_size"};
  EXPECT_THAT(Plan(PlanTrain),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("train.clip_norm: 0 (the default) -> 5"), Not(HasSubstr("batch_size:")))));
  allow_changes_ = {"train.batch_size", "train.clip_norm"};
  EXPECT_EQ(Planned(PlanTrain).action, Action::kAmend);
}

TEST_F(PlanTest, OutputsThatCannotBeReadAreAnError) {
  record_.mutable_load()->mutable_outputs(0)->set_path(std::string(5000, 'x'));
  EXPECT_THAT(Plan(PlanLoad), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("xxx")));
}

}  // namespace
}  // namespace baton
