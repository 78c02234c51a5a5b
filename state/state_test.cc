#include "state/state.h"

#include <cmath>
#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "state/test_state.h"

namespace baton {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The State of a model with one parameter of this name and shape, all zeros.
State OneParameter(const std::string& name, std::vector<int64_t> shape) {
  const std::vector<ParameterSpec> parameters = {{.name = name, .shape = std::move(shape)}};
  State state;
  state.groups = {{kModelGroup, FlatTensors(FlatLayout::Create(parameters).value(), at::kCPU)}};
  return state;
}

TEST(CompareModelsTest, EqualAreTheModelsAlone) {
  const State a = TestState(8);
  State b = TestState(8);
  b.progress.set_step_index(9);
  RemoveGroup(b, "optimizer/exp_avg");
  b.vocabulary = "another";
  EXPECT_THAT(CompareModels(a, b), IsEmpty());
  EXPECT_TRUE(a == b);
  EXPECT_FALSE(Identical(a, b));
}

TEST(CompareModelsTest, NamesWhatDiffersAndByHowMuch) {
  const State a = TestState(8);
  State b = TestState(8);
  b.model().views()[0][1][2].add_(0.25);
  b.model().views()[0][0][0].add_(-0.5);
  EXPECT_THAT(CompareModels(a, b), ElementsAre("model layers.0.weight: 2 of 6 values differ, by at most 0.5"));
  EXPECT_FALSE(a == b);
}

TEST(CompareModelsTest, NamesAndShapes) {
  EXPECT_THAT(CompareModels(OneParameter("w", {2, 3}), OneParameter("w", {3, 2})),
              ElementsAre(AllOf(HasSubstr("model w"), HasSubstr("[2, 3]"), HasSubstr("[3, 2]"))));
  EXPECT_THAT(CompareModels(OneParameter("w", {2}), OneParameter("v", {2})),
              ElementsAre("model w: only in the first", "model v: only in the second"));
  EXPECT_FALSE(OneParameter("w", {2}) == OneParameter("v", {2}));
}

TEST(CompareModelsTest, BuffersAreOfTheModel) {
  State b = TestState(8);
  Group(b, kBuffersGroup).views()[0][1].add_(3);
  EXPECT_THAT(CompareModels(TestState(8), b),
              ElementsAre("buffers layers.0.running_mean: 1 of 3 values differ, by at most 3"));
  RemoveGroup(b, kBuffersGroup);
  EXPECT_THAT(CompareModels(TestState(8), b), ElementsAre("buffers layers.0.running_mean: only in the first"));
  EXPECT_THAT(CompareModels(b, TestState(8)), ElementsAre("buffers layers.0.running_mean: only in the second"));
}

TEST(DifferencesTest, AGroupIsInOneAlone) {
  State b = TestState(8);
  RemoveGroup(b, kAverageGroup);
  EXPECT_THAT(Differences(TestState(8), b),
              ElementsAre("average layers.0.weight: only in the first", "average layers.0.bias: only in the first"));
  EXPECT_THAT(Differences(b, TestState(8)),
              ElementsAre("average layers.0.weight: only in the second", "average layers.0.bias: only in the second"));
  EXPECT_TRUE(TestState(8) == b) << "the models are";
}

TEST(IdenticalTest, LooksAtBits) {
  State a = OneParameter("w", {2});
  State b = OneParameter("w", {2});
  b.model().views()[0][1].neg_();  // -0 and 0 are equal and have other bits
  EXPECT_TRUE(a == b);
  EXPECT_FALSE(Identical(a, b));
  // A NaN is no number's equal, and has the same bits as itself.
  a.model().views()[0].fill_(NAN);
  b.model().views()[0].fill_(NAN);
  EXPECT_FALSE(a == b);
  EXPECT_TRUE(Identical(a, b));
}

TEST(IdenticalTest, LeavesOutWhereItWasComputed) {
  State b = TestState(8);
  b.environment.set_cpu_model("another CPU");
  b.environment.set_program_version("9");
  EXPECT_THAT(Differences(TestState(8), b), IsEmpty());
  EXPECT_TRUE(Identical(TestState(8), b));
}

struct Change {
  std::string name;
  std::function<void(State&)> make;
  std::string reported;
};
class EveryDifferenceTest : public testing::TestWithParam<Change> {};

TEST_P(EveryDifferenceTest, FindsIt) {
  const State a = TestState(8);
  State b = TestState(8);
  GetParam().make(b);
  EXPECT_THAT(Differences(a, b), ElementsAre(HasSubstr(GetParam().reported)));
  EXPECT_FALSE(Identical(a, b));
  EXPECT_FALSE(Identical(b, a));
}

INSTANTIATE_TEST_SUITE_P(
    EveryPart, EveryDifferenceTest,
    testing::Values(
        Change{"Model", [](State& s) { s.model().views()[1][0].add_(1); },
               "model layers.0.bias: 1 of 2 values differ, by at most 1"},
        Change{"Buffers", [](State& s) { Group(s, kBuffersGroup).views()[0][0].add_(1); },
               "buffers layers.0.running_mean: 1 of 3 values differ, by at most 1"},
        Change{"Average", [](State& s) { Group(s, kAverageGroup).views()[1][1].add_(4); },
               "average layers.0.bias: 1 of 2 values differ, by at most 4"},
        Change{"AverageBuffers", [](State& s) { Group(s, kAverageBuffersGroup).views()[0][2].add_(2); },
               "average_buffers layers.0.running_mean: 1 of 3 values differ, by at most 2"},
        Change{"Criterion", [](State& s) { Group(s, kCriterionGroup).views()[0][1].add_(2); },
               "criterion class_weights: 1 of 2 values differ, by at most 2"},
        Change{"CriterionMissing", [](State& s) { RemoveGroup(s, kCriterionGroup); },
               "criterion class_weights: only in the first"},
        Change{"OptimizerSlot", [](State& s) { Group(s, "optimizer/exp_avg_sq").views()[0].mul_(2); },
               "optimizer/exp_avg_sq layers.0.weight: 6 of 6 values differ, by at most 25"},
        Change{"Epoch", [](State& s) { s.progress.set_epoch_index(2); }, "epoch_index: 1 -> 2"},
        Change{"Batch", [](State& s) { s.progress.set_train_batch_index(3); }, "train_batch_index: 2 -> 3"},
        Change{"Step", [](State& s) { s.progress.set_step_index(9); }, "step_index: 8 -> 9"},
        Change{"LossSum", [](State& s) { s.progress.set_loss_sum(std::nextafter(12.25, 13)); },
               "progress: loss_sum: 12.25 -> 12.250000000000002"},
        Change{"WeightSum", [](State& s) { s.progress.set_weight_sum(65); }, "progress: weight_sum: 64 -> 65"},
        Change{"Examples", [](State& s) { s.progress.set_examples(315); }, "progress: examples: 314 -> 315"},
        Change{"EpochExamples", [](State& s) { s.progress.set_epoch_examples(0); }, "epoch_examples: 64 -> 0"},
        Change{"History", [](State& s) { EditMeasurement(s, 0, [](Measurement& m) { m.set_validation_loss(0.25); }); },
               "history[0].validation_loss: 0.5 -> 0.25"},
        Change{"HistoryLength", [](State& s) { s.history.Add(Measurement()); }, "history[1]: absent -> {}"},
        Change{"Best", [](State& s) { s.progress.mutable_best()->set_step_index(4); }, "best.step_index: 8 -> 4"},
        Change{"Patience", [](State& s) { s.progress.set_validations_without_improvement(2); },
               "validations_without_improvement: 1 -> 2"},
        Change{"ZeroIsNotAbsent", [](State& s) { s.progress.set_stopped_early(false); },
               "stopped_early: absent -> false"},
        Change{"Key", [](State& s) { s.progress.set_train_key("f"); }, "train_key"},
        Change{"Vocabulary", [](State& s) { s.vocabulary += ' '; }, "vocabulary: the bytes differ (14 against 15)"},
        Change{"Tokenizer", [](State& s) { s.tokenizer[0] = '['; }, "tokenizer: the bytes differ (3 against 3)"},
        Change{"Attachment", [](State& s) { s.attachments["pipeline.textproto"] = "seed: 2\n"; },
               "pipeline.textproto: the bytes differ"},
        Change{"AttachmentMissing", [](State& s) { s.attachments.clear(); }, "pipeline.textproto: only in the first"},
        Change{"AttachmentAdded", [](State& s) { s.attachments["more"] = ""; }, "more: only in the second"}),
    [](const auto& info) { return info.param.name; });

TEST(StateTest, CopyToHasTensorsOfItsOwn) {
  const State original = TestState(8);
  State copy = original.CopyTo(at::kCPU);
  EXPECT_TRUE(Identical(original, copy));
  for (const TensorGroup& group : copy.groups) group.tensors.flat().zero_();
  EXPECT_TRUE(Identical(original, TestState(8)));
}

TEST(StateTest, WhatTheModelIsUsedWith) {
  State state = TestState(8);
  EXPECT_EQ(&state.weights(), state.Find(kAverageGroup));
  EXPECT_EQ(state.weights_buffers(), state.Find(kAverageBuffersGroup));
  EXPECT_EQ(state.buffers(), state.Find(kBuffersGroup));
  RemoveGroup(state, kAverageGroup);
  RemoveGroup(state, kAverageBuffersGroup);
  EXPECT_EQ(&state.weights(), state.Find(kModelGroup));
  EXPECT_EQ(state.weights_buffers(), state.Find(kBuffersGroup));
  RemoveGroup(state, kBuffersGroup);
  EXPECT_EQ(state.weights_buffers(), nullptr);
  EXPECT_TRUE(State().device().is_cpu()) << "one without a model";
  EXPECT_EQ(State().model().layout().parameter_count, 0);
}

TEST(GroupNames, AndWhereTheyLie) {
  EXPECT_EQ(GroupFile("model"), "model.safetensors");
  EXPECT_EQ(NameInFile("model", "layers.0.bias"), "layers.0.bias");
  EXPECT_EQ(GroupFile(OptimizerGroup("exp_avg")), "optimizer.safetensors");
  EXPECT_EQ(NameInFile(OptimizerGroup("exp_avg"), "layers.0.bias"), "exp_avg/layers.0.bias");
  for (const char* const name : {"model", "average_buffers", "optimizer/exp_avg.2"}) EXPECT_TRUE(IsGroupName(name));
  for (const char* const name : {"", "/", "/a", "a/", "a/b/c", "../a", "A", "a.b", "a b"}) {
    EXPECT_FALSE(IsGroupName(name)) << name;
  }
}

TEST(PrettyPrintTest, SaysWhereTrainingIsAndWhatTheTensorsHold) {
  State state = TestState(8);
  // 8, 16, ..., 48: mean 28, standard deviation 8 sqrt(35 / 12) = 13.66, norm 8 sqrt(91) = 76.32.
  uint64_t bytes = 0;
  const std::string text = PrettyPrint(state, [&](uint64_t seen) { bytes += seen; });
  EXPECT_EQ(bytes, kTestStateTensorBytes);
  EXPECT_THAT(text, HasSubstr("step 8, epoch 1, batch 2 of the epoch, 314 examples seen\n"));
  EXPECT_THAT(text, HasSubstr("best validation loss 0.5 at step 8, epoch 1\n"));
  EXPECT_THAT(text, HasSubstr("last measured at step 8: train loss 0.75, validation loss 0.5\n"));
  EXPECT_THAT(text, HasSubstr("model: 8 parameters\n"));
  EXPECT_THAT(text, testing::ContainsRegex(
                        "layers.0.weight +F32 +\\[2, 3\\] +\\+2.800e\\+01 +1.366e\\+01 +7.632e\\+01 +\\+8.000e\\+00 "
                        "+\\+4.800e\\+01\n"));
  EXPECT_THAT(text, testing::ContainsRegex("average: 8 values\n  name .*\n  layers.0.weight"));
  EXPECT_THAT(text, HasSubstr("optimizer/exp_avg_sq: 8 values\n"));
  EXPECT_THAT(text, HasSubstr("vocabulary: 14 bytes\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr("NaN")));
  state.model().views()[0][0].fill_(NAN);
  EXPECT_THAT(PrettyPrint(state), HasSubstr("3 NaN"));
}

}  // namespace
}  // namespace baton
