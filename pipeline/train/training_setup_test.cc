#include "pipeline/train/training_setup.h"

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "state/test_state.h"

namespace baton {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

StateOutline OutlineOf(const State& state) {
  StateOutline outline{.groups = LayoutsOf(state), .rest = state};
  outline.rest.groups.clear();
  return outline;
}

absl::Status CheckFits(const State& restored, const State& initial) {
  return CheckFits(LayoutsOf(restored), restored.progress.train_key(), OutlineOf(initial));
}

TEST(CheckFits, TheStateOfTheSameSetup) { EXPECT_THAT(CheckFits(TestState(8), TestState(0)), IsOk()); }

TEST(CheckFits, NamesWhatDiffers) {
  const State initial = TestState(0);
  State restored = TestState(8);
  restored.groups[0].tensors = FlatTensors(FlatLayout::Create({{.name = "w", .shape = {2}}}).value(), at::kCPU);
  EXPECT_THAT(CheckFits(restored, initial), StatusIs(StatusCode::kDataLoss, HasSubstr("the snapshot's model has 'w'")));
  restored = TestState(8);
  restored.groups.pop_back();
  EXPECT_THAT(CheckFits(restored, initial), StatusIs(StatusCode::kDataLoss, HasSubstr("has the slots [exp_avg]")));
  restored = TestState(8);
  restored.progress.set_train_key("fedcba9876543210");
  EXPECT_THAT(CheckFits(restored, initial), StatusIs(StatusCode::kDataLoss, HasSubstr("key fedcba9876543210")));
}

TEST(CheckFits, AnAverageOfTheWeightsInOneOnly) {
  State without = TestState(8);
  RemoveGroup(without, kAverageGroup);
  EXPECT_THAT(CheckFits(TestState(8), without),
              StatusIs(StatusCode::kDataLoss, HasSubstr("holds an average of the weights, but train.ema is not set")));
  EXPECT_THAT(CheckFits(without, TestState(0)),
              StatusIs(StatusCode::kDataLoss, HasSubstr("holds no average of the weights, but train.ema is set")));
  EXPECT_THAT(CheckFits(without, without), IsOk());
}

}  // namespace
}  // namespace baton
