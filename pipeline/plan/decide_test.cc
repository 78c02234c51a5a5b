#include "pipeline/plan/decide.h"

#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

KeyInputs Inputs(absl::string_view seed) {
  KeyInputs inputs;
  inputs.Add("raw_file.sha256", "aa");
  inputs.Add("seed", seed);
  return inputs;
}

StageRun Recorded(const KeyInputs& inputs, StageRun::Status status) {
  StageRun stage;
  stage.set_key(inputs.Key());
  stage.set_status(status);
  for (const auto& [name, value] : inputs.values()) {
    KeyInput& input = *stage.add_key_inputs();
    input.set_name(name);
    input.set_value(value);
  }
  return stage;
}

absl::Status Intact() { return absl::OkStatus(); }
absl::Status NeverAsked() {
  ADD_FAILURE() << "the outputs were verified without need";
  return absl::OkStatus();
}

constexpr StageRun::Status kUnfinished[] = {StageRun::RUNNING, StageRun::INTERRUPTED, StageRun::FAILED};

TEST(DecideTest, AStageThatNeverRanIsStarted) {
  const StageRun recorded;
  const KeyInputs inputs = Inputs("1");
  ASSERT_OK_AND_ASSIGN(const Decision decision, DecideStage({"load", recorded, inputs}, NeverAsked));
  EXPECT_EQ(decision, Decision::kStart);
}

TEST(DecideTest, CompleteUnderTheKeyIsSkippedIfTheOutputsAreThere) {
  const KeyInputs inputs = Inputs("1");
  const StageRun recorded = Recorded(inputs, StageRun::COMPLETE);
  for (const bool start_over : {false, true}) {
    ASSERT_OK_AND_ASSIGN(const Decision decision, DecideStage({"load", recorded, inputs, start_over}, Intact));
    EXPECT_EQ(decision, Decision::kSkip);
  }
}

TEST(DecideTest, CompleteWithLostOrDamagedOutputsIsDoneAgain) {
  const KeyInputs inputs = Inputs("1");
  const StageRun recorded = Recorded(inputs, StageRun::COMPLETE);
  for (const absl::Status& damage : {absl::NotFoundError("train.safetensors is missing"), absl::DataLossError("bad")}) {
    for (const bool start_over : {false, true}) {
      ASSERT_OK_AND_ASSIGN(const Decision decision,
                           DecideStage({"load", recorded, inputs, start_over}, [&damage] { return damage; }));
      // What is left may not be enough to go on from.
      EXPECT_EQ(decision, start_over ? Decision::kStart : Decision::kResume);
    }
  }
}

TEST(DecideTest, OutputsThatCannotBeReadAreAnError) {
  const KeyInputs inputs = Inputs("1");
  const StageRun recorded = Recorded(inputs, StageRun::COMPLETE);
  EXPECT_THAT(DecideStage({"load", recorded, inputs}, [] { return absl::PermissionDeniedError("no"); }),
              StatusIs(absl::StatusCode::kPermissionDenied, "no"));
}

TEST(DecideTest, UnfinishedUnderTheKeyIsResumed) {
  const KeyInputs inputs = Inputs("1");
  for (const StageRun::Status status : kUnfinished) {
    const StageRun recorded = Recorded(inputs, status);
    ASSERT_OK_AND_ASSIGN(const Decision decision, DecideStage({"train", recorded, inputs}, NeverAsked));
    EXPECT_EQ(decision, Decision::kResume);
  }
}

TEST(DecideTest, UnfinishedUnderTheKeyStartsOverOnRequest) {
  const KeyInputs inputs = Inputs("1");
  for (const StageRun::Status status : kUnfinished) {
    const StageRun recorded = Recorded(inputs, status);
    ASSERT_OK_AND_ASSIGN(const Decision decision,
                         DecideStage({"train", recorded, inputs, /*start_over=*/true, true}, NeverAsked));
    EXPECT_EQ(decision, Decision::kStart);
  }
}

TEST(DecideTest, CompleteUnderAnotherKeyIsStarted) {
  const KeyInputs inputs = Inputs("2");
  const StageRun recorded = Recorded(Inputs("1"), StageRun::COMPLETE);
  ASSERT_OK_AND_ASSIGN(const Decision decision, DecideStage({"train", recorded, inputs, false, true}, NeverAsked));
  EXPECT_EQ(decision, Decision::kStart);
}

TEST(DecideTest, UnfinishedUnderAnotherKeyIsRefusedNamingTheChangeAndTheChoices) {
  const KeyInputs inputs = Inputs("2");
  for (const StageRun::Status status : kUnfinished) {
    const StageRun recorded = Recorded(Inputs("1"), status);
    EXPECT_THAT(DecideStage({"train", recorded, inputs, false, /*has_progress=*/true}, NeverAsked),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("train is unfinished"), HasSubstr("\n  seed: 1 -> 2\n"), HasSubstr("put back"),
                               HasSubstr("--start_over"), Not(HasSubstr("raw_file")))));
  }
}

TEST(DecideTest, UnfinishedUnderAnotherKeyStartsOverOnRequest) {
  const KeyInputs inputs = Inputs("2");
  for (const StageRun::Status status : kUnfinished) {
    const StageRun recorded = Recorded(Inputs("1"), status);
    ASSERT_OK_AND_ASSIGN(const Decision decision,
                         DecideStage({"train", recorded, inputs, /*start_over=*/true, true}, NeverAsked));
    EXPECT_EQ(decision, Decision::kStart);
  }
}

// A typo in the configuration, a bad row or a killed evaluation must not need --start_over.
TEST(DecideTest, UnfinishedWithoutProgressIsNoObstacleToAnotherKey) {
  const KeyInputs inputs = Inputs("2");
  for (const StageRun::Status status : kUnfinished) {
    const StageRun recorded = Recorded(Inputs("1"), status);
    ASSERT_OK_AND_ASSIGN(const Decision decision, DecideStage({"load", recorded, inputs, false, false}, NeverAsked));
    EXPECT_EQ(decision, Decision::kStart);
  }
}

}  // namespace
}  // namespace baton
