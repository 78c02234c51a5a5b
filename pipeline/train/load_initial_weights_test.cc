#include "pipeline/train/load_initial_weights.h"

#include "pipeline/plan/initial_weights.h"
#include "state/snapshot_fixture.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/equal.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;

// A snapshot of TestState(8), with whose average a training begins.
class LoadInitialWeightsTest : public SnapshotTest {
 protected:
  void SetUp() override {
    SnapshotTest::SetUp();
    Save(source_);
    config_.set_snapshot(path_);
    Find();
  }
  void Find() {
    DigestCache digests(fs_, JoinPath(parent_, "cache"));
    ASSERT_OK_AND_ASSIGN(weights_, FindWeights(fs_, config_, digests));
  }
  absl::Status LoadInto(State& state) {
    DigestCache digests(fs_, JoinPath(parent_, "cache"));
    return LoadInitialWeights(fs_, config_, digests, weights_, state);
  }
  // Of another model: it has one more layer, and another bias.
  static State OtherState() {
    State state;
    const FlatTensors model(FlatLayout::Create(std::vector<ParameterSpec>{{.name = "layers.0.weight", .shape = {2, 3}},
                                                                          {.name = "layers.0.bias", .shape = {3}},
                                                                          {.name = "layers.1.weight", .shape = {4}}})
                                .value(),
                            at::kCPU);
    for (const at::Tensor& view : model.views()) view.fill_(7);
    state.groups = {{kModelGroup, model}};
    return state;
  }

  const State source_ = TestState(8);
  InitialWeightsConfig config_;
  InitialWeights weights_;
};

TEST_F(LoadInitialWeightsTest, TheAverageBeginsWithThem) {
  State state = TestState(0);
  state.weights().flat().zero_();
  ASSERT_THAT(LoadInto(state), IsOk());
  EXPECT_TRUE(at::equal(state.model().flat(), source_.weights().flat()));
  EXPECT_TRUE(at::equal(state.weights().flat(), source_.weights().flat()));
  EXPECT_FALSE(state.weights().flat().is_alias_of(state.model().flat()));
  EXPECT_TRUE(at::equal(state.buffers()->flat(), Group(source_, kAverageBuffersGroup).flat()));
  EXPECT_TRUE(at::equal(state.weights_buffers()->flat(), state.buffers()->flat()));
  EXPECT_EQ(weights_.tensors_loaded(), 3);
  EXPECT_EQ(weights_.tensors_drawn(), 0);
  // Nothing else of the source.
  EXPECT_EQ(state.progress.step_index(), 0);
}

TEST_F(LoadInitialWeightsTest, AsTheyWereTrained) {
  config_.set_weights(InitialWeightsConfig::AS_TRAINED);
  Find();
  State state = TestState(0);
  ASSERT_THAT(LoadInto(state), IsOk());
  EXPECT_TRUE(at::equal(state.model().flat(), source_.model().flat()));
  EXPECT_TRUE(at::equal(state.buffers()->flat(), source_.buffers()->flat()));
}

TEST_F(LoadInitialWeightsTest, StrictRefusesWhatDoesNotFit) {
  State state = OtherState();
  EXPECT_THAT(LoadInto(state),
              StatusIs(StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("it lacks: layers.1.weight"), HasSubstr("layers.0.bias [2] (here [3])"),
                             HasSubstr("train.initial_weights.strict=false"))));
}

TEST_F(LoadInitialWeightsTest, OtherwiseTheRestIsAsItWasDrawn) {
  config_.set_strict(false);
  State state = OtherState();
  ASSERT_THAT(LoadInto(state), IsOk());
  EXPECT_TRUE(at::equal(state.model().views()[0], source_.weights().views()[0]));
  EXPECT_TRUE(state.model().views()[1].eq(7).all().item<bool>());
  EXPECT_TRUE(state.model().views()[2].eq(7).all().item<bool>());
  EXPECT_EQ(weights_.tensors_loaded(), 1);
  EXPECT_EQ(weights_.tensors_drawn(), 2);
}

// Another snapshot in its place, intact: not the one whose digest is in the key.
TEST_F(LoadInitialWeightsTest, WhatHasChangedSinceIsNotTaken) {
  ASSERT_THAT(RemoveTree(fs_, path_), IsOk());
  State other = TestState(8);
  other.weights().views()[0].add_(1);
  Save(other);
  State state = TestState(0);
  EXPECT_THAT(LoadInto(state),
              StatusIs(StatusCode::kDataLoss, AllOf(HasSubstr("average.safetensors"), HasSubstr(weights_.sha256()))));
}

TEST_F(LoadInitialWeightsTest, BuffersThatHaveChangedSinceAreNotTaken) {
  ASSERT_THAT(RemoveTree(fs_, path_), IsOk());
  State other = TestState(8);
  Group(other, kAverageBuffersGroup).views()[0].add_(1);
  Save(other);
  State state = TestState(0);
  EXPECT_THAT(LoadInto(state), StatusIs(StatusCode::kDataLoss, AllOf(HasSubstr("average_buffers.safetensors"),
                                                                     HasSubstr(weights_.buffers_sha256()))));
}

TEST_F(LoadInitialWeightsTest, WhatIsGoneOrDamagedIsNamed) {
  ASSERT_OK_AND_ASSIGN(std::string bytes, ReadFile(fs_, weights_.file()));
  bytes.back() ^= 1;
  Overwrite(weights_.file(), bytes);
  State state = TestState(0);
  EXPECT_THAT(LoadInto(state), StatusIs(StatusCode::kDataLoss, HasSubstr("average.safetensors")));
  ASSERT_THAT(RemoveTree(fs_, path_), IsOk());
  EXPECT_THAT(LoadInto(state), StatusIs(StatusCode::kNotFound, AllOf(HasSubstr("train.initial_weights"),
                                                                     HasSubstr("yet to begin"), HasSubstr(path_))));
}

}  // namespace
}  // namespace baton
