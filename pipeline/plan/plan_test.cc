#include "pipeline/plan/plan.h"

#include <string>

#include "base/digest.h"
#include "base/files.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"
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
    *load.add_outputs() = Output("load/k/train.safetensors");
    Complete(LoadKey(config_, Sha256Hex("x,y\n1,2\n")), *load.mutable_stage());

    TrainSection& train = *record_.mutable_train();
    train.set_stop_reason(TrainSection::MAX_EPOCHS);
    train.set_epochs_done(2);
    train.mutable_last_snapshot()->set_model_sha256("1a57");
    Complete(TrainKey(config_, load, train), *train.mutable_stage());
    *train.add_model_artifacts() = Output(TrainFolder() + "/step-000000000006/model.safetensors");

    EvaluateSection& evaluate = *record_.mutable_evaluate();
    *evaluate.add_outputs() = Output("evaluate/k/report.html");
    Complete(EvaluateKey(config_, train, load), *evaluate.mutable_stage());
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
    return CheckUnfinishedTraining({fs_, run_, config_, start_over_, allow_changes_, digests}, record_,
                                   Planned(PlanLoad));
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
      EXPECT_EQ(Planned(planner).decision, Decision::kSkip);
      EXPECT_EQ(Planned(planner).note, "");
    }
  }
}

TEST_F(PlanTest, NothingIsRecorded) {
  record_.Clear();
  EXPECT_EQ(Planned(PlanLoad).decision, Decision::kStart);
  EXPECT_THAT(Check(), IsOk());
}

TEST_F(PlanTest, ALostOutputIsMadeAgain) {
  Remove("load/k/train.safetensors");
  Remove(TrainFolder() + "/step-000000000006/model.safetensors");
  Remove("evaluate/k/report.html");
  for (const Planner planner : {PlanLoad, PlanTrain, PlanEvaluate}) {
    EXPECT_EQ(Planned(planner).decision, Decision::kResume);
  }
}

TEST_F(PlanTest, TheRawFileCountsByItsContent) {
  Write(raw_, "x,y\n1,2\n");
  EXPECT_EQ(Planned(PlanLoad).decision, Decision::kSkip);
  Write(raw_, "x,y\n1,3\n");
  EXPECT_EQ(Planned(PlanLoad).decision, Decision::kStart);
  ASSERT_THAT(RemoveTree(fs_, raw_), IsOk());
  EXPECT_THAT(Plan(PlanLoad),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("load.raw_filepath"), HasSubstr(raw_))));
}

TEST_F(PlanTest, TheRawFileMayBeGoneOnceItsDatasetIsThere) {
  record_.mutable_load()->set_raw_filepath(raw_);
  record_.mutable_load()->set_raw_file_sha256(Sha256Hex("x,y\n1,2\n"));
  ASSERT_THAT(RemoveTree(fs_, raw_), IsOk());
  EXPECT_EQ(Planned(PlanLoad).decision, Decision::kSkip);
  EXPECT_THAT(Planned(PlanLoad).note, HasSubstr(raw_));
  // But not if another dataset is wanted, or another file, which may be a slip of the pen.
  config_.set_seed(2);
  EXPECT_THAT(Plan(PlanLoad), StatusIs(absl::StatusCode::kNotFound, HasSubstr(raw_)));
  config_.set_seed(1);
  config_.mutable_load()->set_raw_filepath(raw_ + "x");
  EXPECT_THAT(Plan(PlanLoad), StatusIs(absl::StatusCode::kNotFound, HasSubstr(raw_ + "x")));
}

TEST_F(PlanTest, InitialWeightsMayBeGoneOnceTrainingHasBegun) {
  const std::string gone = folder_ + "/gone";
  config_.mutable_train()->mutable_initial_weights()->set_snapshot(gone);
  TrainSection& train = *record_.mutable_train();
  train.mutable_initial_weights()->set_path(gone);
  train.mutable_initial_weights()->set_sha256("77");
  train.mutable_stage()->clear_key_inputs();
  Complete(TrainKey(config_, record_.load(), train, "77"), *train.mutable_stage());
  EXPECT_EQ(Planned(PlanTrain).decision, Decision::kSkip);
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
  EXPECT_EQ(Planned(PlanLoad).decision, Decision::kStart);
  EXPECT_EQ(Planned(PlanTrain).decision, Decision::kStart);
}

TEST_F(PlanTest, AnotherModelIsEvaluated) {
  record_.mutable_train()->mutable_last_snapshot()->set_model_sha256("2b68");
  EXPECT_EQ(Planned(PlanEvaluate).decision, Decision::kStart);
}

TEST_F(PlanTest, MoreEpochsGoOn) {
  config_.mutable_train()->set_max_epochs(3);
  EXPECT_EQ(Planned(PlanTrain).decision, Decision::kResume);
}

TEST_F(PlanTest, FewerEpochsAreNoted) {
  config_.mutable_train()->set_max_epochs(1);
  EXPECT_EQ(Planned(PlanTrain).decision, Decision::kSkip);
  EXPECT_EQ(Planned(PlanTrain).note, "train.max_epochs is 1, and 2 epochs were done before");
}

TEST_F(PlanTest, EarlyStoppingIsNoted) {
  config_.mutable_train()->set_max_epochs(3);
  record_.mutable_train()->set_stop_reason(TrainSection::EARLY_STOPPING);
  EXPECT_EQ(Planned(PlanTrain).decision, Decision::kSkip);
  EXPECT_EQ(Planned(PlanTrain).note, "it stopped early, after 2 of at most 3 epochs");
}

TEST_F(PlanTest, InterruptedTrainingGoesOnOrStartsOver) {
  InterruptTraining();
  EXPECT_EQ(Planned(PlanTrain).decision, Decision::kResume);
  start_over_ = true;
  EXPECT_EQ(Planned(PlanTrain).decision, Decision::kStart);
}

TEST_F(PlanTest, InterruptedTrainingOfAnotherKeyIsRefused) {
  InterruptTraining();
  config_.mutable_train()->set_batch_size(64);
  EXPECT_THAT(Plan(PlanTrain),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("train.batch_size: (not set) -> 64")));
  start_over_ = true;
  EXPECT_EQ(Planned(PlanTrain).decision, Decision::kStart);
  start_over_ = false;
  Remove(TrainFolder());
  EXPECT_EQ(Planned(PlanTrain).decision, Decision::kStart);
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
                                AllOf(HasSubstr("load.dataset: sha256:dada -> (made anew, since raw_file.sha256: " +
                                                Sha256Hex("x,y\n1,2\n") + " -> " + Sha256Hex("x,y\n1,3\n") + ")"),
                                      Not(HasSubstr("seed")))));
}

TEST_F(PlanTest, LoadThatMakesTheSameAgainIsNoReasonToRefuse) {
  InterruptTraining();
  Remove("load/k/train.safetensors");
  EXPECT_EQ(Planned(PlanLoad).decision, Decision::kResume);
  EXPECT_THAT(Check(), IsOk());
}

}  // namespace
}  // namespace baton
