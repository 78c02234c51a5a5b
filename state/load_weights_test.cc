#include "state/load_weights.h"

#include <filesystem>
#include <fstream>

#include "state/snapshot_fixture.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/equal.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using absl::StatusCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LoadWeightsTest : public SnapshotTest {
 protected:
  // Parameters that are 7 everywhere.
  static FlatTensors Sevens(const std::vector<ParameterSpec>& parameters) {
    FlatTensors tensors(FlatLayout::Create(parameters).value(), at::kCPU);
    for (const at::Tensor& view : tensors.views()) view.fill_(7);
    return tensors;
  }
  // Of TestState's model, in another order and with the decay the other way round: names decide.
  static FlatTensors OfTheSameModel() {
    return Sevens(
        {{.name = "layers.0.bias", .shape = {2}, .weight_decay = true}, {.name = "layers.0.weight", .shape = {2, 3}}});
  }
  // Of TestState's buffers.
  static FlatTensors Buffers() { return Sevens({{.name = "layers.0.running_mean", .shape = {3}}}); }
  absl::StatusOr<WeightsReport> LoadInto(const FlatTensors& parameters, WeightsOf which = WeightsOf::kModelInUse,
                                         Strictness strictness = Strictness::kStrict) {
    return LoadWeights(fs_, path_, which, strictness, parameters, &buffers_);
  }
  static FlatTensors OfAnotherModel() {
    return Sevens({{.name = "layers.0.weight", .shape = {2, 3}},
                   {.name = "layers.0.bias", .shape = {3}},
                   {.name = "head.weight", .shape = {4}}});
  }

  FlatTensors buffers_ = Buffers();
};

TEST_F(LoadWeightsTest, TheAverageOrTheModelByName) {
  const State state = TestState(8);
  Save(state);
  FlatTensors parameters = OfTheSameModel();
  ASSERT_OK_AND_ASSIGN(const WeightsReport report, LoadInto(parameters));
  EXPECT_TRUE(at::equal(parameters.views()[0], state.weights().views()[1]));
  EXPECT_TRUE(at::equal(parameters.views()[1], state.weights().views()[0]));
  EXPECT_EQ(parameters.flat().ne(0).sum().item<int64_t>(), 8) << "the gaps stay 0";
  EXPECT_THAT(report.loaded, ElementsAre("layers.0.bias", "layers.0.weight", "layers.0.running_mean"));
  EXPECT_TRUE(at::equal(buffers_.views()[0], Group(state, kAverageBuffersGroup).views()[0]));

  ASSERT_THAT(LoadInto(parameters, WeightsOf::kTrainedModel), IsOk());
  EXPECT_TRUE(at::equal(parameters.views()[1], state.model().views()[0]));
  EXPECT_TRUE(at::equal(buffers_.views()[0], state.buffers()->views()[0]));
}

TEST_F(LoadWeightsTest, TheModelWhereThereIsNoAverage) {
  State state = TestState(8);
  RemoveGroup(state, kAverageGroup);
  Save(state);
  FlatTensors parameters = OfTheSameModel();
  ASSERT_THAT(LoadInto(parameters), IsOk());
  EXPECT_TRUE(at::equal(parameters.views()[1], state.model().views()[0]));
}

TEST_F(LoadWeightsTest, StrictSaysAllThatDoesNotFitAndChangesNothing) {
  Save(TestState(8));
  FlatTensors parameters = OfAnotherModel();
  EXPECT_THAT(LoadInto(parameters),
              StatusIs(StatusCode::kInvalidArgument, AllOf(HasSubstr(path_), HasSubstr("it lacks: head.weight"),
                                                           HasSubstr("layers.0.bias [2] (here [3])"))));
  EXPECT_TRUE(parameters.views()[0].eq(7).all().item<bool>());
  FlatTensors smaller = Sevens({{.name = "layers.0.weight", .shape = {2, 3}}});
  EXPECT_THAT(LoadInto(smaller), StatusIs(StatusCode::kInvalidArgument, HasSubstr("it has besides: layers.0.bias")));
}

TEST_F(LoadWeightsTest, BuffersMustFitToo) {
  Save(TestState(8));
  EXPECT_THAT(LoadWeights(fs_, path_, WeightsOf::kModelInUse, Strictness::kStrict, OfTheSameModel(), nullptr),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("it has besides: layers.0.running_mean")));
  buffers_ = Sevens({{.name = "layers.0.running_var", .shape = {3}}});
  EXPECT_THAT(LoadInto(OfTheSameModel()),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("it lacks: layers.0.running_var")));
  EXPECT_TRUE(buffers_.views()[0].eq(7).all().item<bool>());
}

TEST_F(LoadWeightsTest, WhatFitsIsTakenAndTheRestReported) {
  const State state = TestState(8);
  Save(state);
  FlatTensors parameters = OfAnotherModel();
  ASSERT_OK_AND_ASSIGN(const WeightsReport report, LoadInto(parameters, WeightsOf::kModelInUse, Strictness::kWhatFits));
  EXPECT_THAT(report.loaded, ElementsAre("layers.0.weight", "layers.0.running_mean"));
  EXPECT_THAT(report.missing, ElementsAre("head.weight"));
  EXPECT_THAT(report.other_shape, ElementsAre("layers.0.bias [2] (here [3])"));
  EXPECT_THAT(report.unexpected, IsEmpty());
  EXPECT_TRUE(at::equal(parameters.views()[0], state.weights().views()[0]));
  EXPECT_TRUE(parameters.views()[1].eq(7).all().item<bool>());
  EXPECT_TRUE(parameters.views()[2].eq(7).all().item<bool>());

  FlatTensors nothing = Sevens({{.name = "w", .shape = {1}}});
  buffers_ = Sevens({{.name = "v", .shape = {1}}});
  EXPECT_THAT(LoadInto(nothing, WeightsOf::kModelInUse, Strictness::kWhatFits),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("do not fit")));
}

TEST_F(LoadWeightsTest, DamageIsFoundAndChangesNothing) {
  Save(TestState(8));
  ASSERT_OK_AND_ASSIGN(const std::string bytes, ReadFile(fs_, File("average.safetensors")));
  FlatTensors parameters = OfTheSameModel();
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    Overwrite(File("average.safetensors"), damaged);
    ASSERT_THAT(LoadInto(parameters), StatusIs(StatusCode::kDataLoss, HasSubstr("average.safetensors"))) << i;
    ASSERT_THAT(LoadForInference(fs_, path_, at::kCPU),
                StatusIs(StatusCode::kDataLoss, HasSubstr("average.safetensors")));
  }
  EXPECT_EQ(parameters.flat().eq(7).sum().item<int64_t>(), 8);
}

TEST_F(LoadWeightsTest, InferenceNeedsNoOtherTensors) {
  const State state = TestState(8);
  Save(state);
  for (const char* const file : {"optimizer", "criterion", "model", "buffers"}) {
    std::filesystem::remove(File(std::string(file) + ".safetensors"));
  }
  ASSERT_OK_AND_ASSIGN(const State loaded, LoadForInference(fs_, path_, at::kCPU));
  EXPECT_TRUE(at::equal(loaded.model().flat(), state.weights().flat()));
  EXPECT_TRUE(at::equal(loaded.buffers()->flat(), Group(state, kAverageBuffersGroup).flat()));
  EXPECT_EQ(loaded.groups.size(), 2);
  EXPECT_EQ(loaded.vocabulary, state.vocabulary);
  EXPECT_EQ(loaded.tokenizer, state.tokenizer);
  EXPECT_EQ(loaded.attachments, state.attachments);
  EXPECT_EQ(loaded.progress.step_index(), 8);
  EXPECT_THAT(Load(), StatusIs(StatusCode::kNotFound, HasSubstr("model.safetensors")));
}

}  // namespace
}  // namespace baton
