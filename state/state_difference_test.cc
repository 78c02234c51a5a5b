#include "state/state_difference.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "state/test_state.h"

namespace baton {
namespace {

TEST(CompareStates, TheSameIsIdenticalWhereverItWasWritten) {
  State other = TestState(8);
  other.environment.set_cpu_model("another CPU");
  const SnapshotDifference difference = CompareStates(TestState(8), other);
  EXPECT_TRUE(difference.identical());
  EXPECT_EQ(difference.tensors_size() + difference.progress_size() + difference.files_size(), 0);
  ASSERT_EQ(difference.environment_size(), 1);
  EXPECT_EQ(difference.environment(0).field(), "cpu_model");
  EXPECT_EQ(difference.environment(0).b(), "\"another CPU\"");
}

TEST(CompareStates, SaysHowMuchItHasCompared) {
  uint64_t bytes = 0;
  CompareStates(TestState(8), TestState(9), [&](uint64_t compared) { bytes += compared; });
  EXPECT_EQ(bytes, kTestStateTensorBytes);
}

TEST(CompareStates, MeasuresTensors) {
  // 8, 16, ..., 48 against 9, 18, ..., 54.
  const SnapshotDifference difference = CompareStates(TestState(8), TestState(9));
  EXPECT_FALSE(difference.identical());
  ASSERT_EQ(difference.tensors_size(), 1);
  const TensorDifference& tensor = difference.tensors(0);
  EXPECT_EQ(tensor.group(), "model");
  EXPECT_EQ(tensor.name(), "layers.0.weight");
  EXPECT_EQ(tensor.a(), "F32 [2, 3]");
  EXPECT_EQ(tensor.elements(), 6);
  EXPECT_EQ(tensor.differing_elements(), 6);
  EXPECT_EQ(tensor.largest_difference(), 6);
  EXPECT_EQ(tensor.mean_difference(), 3.5);
  EXPECT_EQ(tensor.differing_not_finite(), 0);
}

TEST(CompareStates, EveryPartCounts) {
  const auto changes = [](void (*change)(State&)) {
    State other = TestState(8);
    change(other);
    const SnapshotDifference difference = CompareStates(TestState(8), other);
    EXPECT_EQ(difference.identical(), Identical(TestState(8), other));
    std::vector<std::string> names;
    for (const TensorDifference& tensor : difference.tensors()) names.push_back(tensor.group() + " " + tensor.name());
    for (const FieldDifference& field : difference.progress()) names.push_back(field.field());
    for (const FileDifference& file : difference.files()) names.push_back(file.name());
    return names;
  };
  using testing::ElementsAre;
  EXPECT_THAT(changes([](State& state) { state.model().views()[1][0] = -0.5; }), ElementsAre("model layers.0.bias"));
  EXPECT_THAT(changes([](State& state) { Group(state, kAverageGroup).views()[1][0] = 0; }),
              ElementsAre("average layers.0.bias"));
  EXPECT_THAT(changes([](State& state) { RemoveGroup(state, kAverageGroup); }),
              ElementsAre("average layers.0.weight", "average layers.0.bias"));
  EXPECT_THAT(changes([](State& state) { Group(state, kBuffersGroup).views()[0][0] = 0; }),
              ElementsAre("buffers layers.0.running_mean"));
  EXPECT_THAT(changes([](State& state) { Group(state, kCriterionGroup).views()[0][1] = NAN; }),
              ElementsAre("criterion class_weights"));
  EXPECT_THAT(changes([](State& state) { Group(state, "optimizer/exp_avg_sq").views()[0][0][0] = 7; }),
              ElementsAre("optimizer/exp_avg_sq layers.0.weight"));
  EXPECT_THAT(changes([](State& state) { state.progress.set_step_index(9); }), ElementsAre("step_index"));
  EXPECT_THAT(changes([](State& state) { EditMeasurement(state, 0, [](Measurement& m) { m.set_train_loss(1); }); }),
              ElementsAre("history[0].train_loss"));
  EXPECT_THAT(changes([](State& state) { state.vocabulary += " "; }), ElementsAre("vocabulary.json"));
  EXPECT_THAT(changes([](State& state) { state.tokenizer.clear(); }), ElementsAre("tokenizer.json"));
  EXPECT_THAT(changes([](State& state) { state.attachments["dataset.binpb"] = "x"; }), ElementsAre("dataset.binpb"));
}

}  // namespace
}  // namespace baton
