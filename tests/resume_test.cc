// Stopped after any step and taken up again, training ends with the same bits. And the controls: with a part of the
// restoring left out, or with randomness that does not follow from the step, the same comparison fails.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/model.h"
#include "state/snapshot_store.h"
#include "tests/pipeline_harness.h"
#include "tests/small_pipeline.h"

#include "third_party/torch_begin.h"

#include <ATen/CPUGeneratorImpl.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// Stops training after its 1st, 2nd, ... step until it ends before that, and takes each up again. What differed.
std::vector<std::string> StopAtEveryStep(const SmallPipeline& pipeline, const TrainHooks& hooks) {
  const Subject subject = pipeline.Train(hooks);
  const Result reference = ReferenceOf(subject);
  std::vector<std::string> problems;
  TrainHooks stopping = hooks;
  for (stopping.stop_at_step = 1;; ++stopping.stop_at_step) {
    subject.prepare();
    const absl::Status stopped = RunTrain(pipeline.Options(Unsynced::Get()), stopping);
    if (stopped.ok()) break;
    EXPECT_TRUE(absl::IsCancelled(stopped)) << stopped;
    if (!absl::IsCancelled(stopped)) break;
    EXPECT_THAT(subject.find_torn(), IsEmpty());
    const std::string when = absl::StrCat("stopped at step ", stopping.stop_at_step, ": ");
    const absl::Status status = subject.work(Unsynced::Get());
    if (!status.ok()) problems.push_back(absl::StrCat(when, status.message()));
    for (const std::string& part : DifferingParts(subject.result(), reference)) {
      problems.push_back(absl::StrCat(when, part));
    }
  }
  EXPECT_GT(stopping.stop_at_step, 12);
  return problems;
}

TEST(Resume, StoppedAtEveryStep) {
  const SmallPipeline pipeline;
  EXPECT_THAT(StopAtEveryStep(pipeline, {}), IsEmpty());
}

// Epochs have 4 steps: validations, and what patience and plateau count, fall between them, and so does the end.
TEST(Resume, StoppedAtEveryStepBetweenValidationsByStep) {
  const SmallPipeline pipeline({"train.validate_every_steps=3", "train.validation_batches=1", "train.max_steps=17"});
  EXPECT_THAT(StopAtEveryStep(pipeline, {}), IsEmpty());
  const TrainSection train = ReadRecordOf(pipeline.run_dir()).train();
  EXPECT_EQ(train.history(1).step_index(), 6);
}

// What must be restored is there to be lost.
TEST(Resume, TheReferenceUsesEverything) {
  const SmallPipeline pipeline;
  const Result reference = ReferenceOf(pipeline.Train());
  const TrainSection train = ReadRecordOf(pipeline.run_dir()).train();
  EXPECT_EQ(train.stop_reason(), TrainSection::EARLY_STOPPING);
  EXPECT_LT(train.best_snapshot().step_index(), train.last_snapshot().step_index());
  EXPECT_GT(train.last_snapshot().step_index() % 3, 0) << "it ends in between";
  const std::string last = JoinPath(pipeline.run_dir(), train.last_snapshot().path());
  ASSERT_OK_AND_ASSIGN(const State state, LoadSnapshot(Unsynced::Get(), last, at::kCPU));
  EXPECT_LT(state.progress.plateau().factor(), 1);
  ASSERT_NE(state.Find(kAverageGroup), nullptr);
  EXPECT_FALSE(state.weights().flat().equal(state.model().flat()));
}

TEST(Resume, OtherNumbersOfWorkers) {
  const SmallPipeline pipeline;
  const Subject subject = pipeline.Train();
  const Result reference = ReferenceOf(subject);
  for (const int workers : {2, 3, 4}) {
    subject.prepare();
    StageOptions options = pipeline.Options(Unsynced::Get());
    options.overrides = {absl::StrCat("train.workers=", workers)};
    TrainHooks stopping;
    stopping.stop_at_step = 7;
    EXPECT_TRUE(absl::IsCancelled(RunTrain(options, stopping)));
    options.overrides = {absl::StrCat("train.workers=", 5 - workers)};
    EXPECT_THAT(RunTrain(options), IsOk());
    EXPECT_THAT(DifferingParts(subject.result(), reference), IsEmpty()) << workers << " workers";
  }
}

// What is restored from a snapshot, without one part of it.
struct Forgotten {
  std::string name;
  std::function<void(State&)> forget;
  friend void PrintTo(const Forgotten& forgotten, std::ostream* out) { *out << forgotten.name; }
};

std::vector<Forgotten> AllForgotten() {
  return {{"Moments",
           [](State& state) {
             for (const TensorGroup& group : state.groups) {
               if (group.name.starts_with(kOptimizerPrefix)) group.tensors.flat().zero_();
             }
           }},
          {"StepIndex", [](State& state) { state.progress.set_step_index(0); }},
          {"EpochSums",
           [](State& state) {
             state.progress.set_loss_sum(0);
             state.progress.set_weight_sum(0);
           }},
          {"DataPosition", [](State& state) { state.progress.set_epoch_examples(0); }},
          {"Buffers",
           [](State& state) {
             for (const TensorGroup& group : state.groups) {
               if (group.name == kBuffersGroup) group.tensors.flat().zero_();
             }
           }},
          {"Average", [](State& state) { state.weights().flat().copy_(state.model().flat()); }},
          {"Plateau", [](State& state) { state.progress.clear_plateau(); }},
          {"EarlyStopping", [](State& state) { state.progress.clear_validations_without_improvement(); }},
          {"Best", [](State& state) { state.progress.clear_best(); }},
          {"History", [](State& state) { state.history = History(); }}};
}

class Control : public testing::TestWithParam<Forgotten> {};

TEST_P(Control, WhatIsNotRestoredIsMissed) {
  const SmallPipeline pipeline;
  TrainHooks hooks;
  hooks.after_restore = GetParam().forget;
  EXPECT_THAT(StopAtEveryStep(pipeline, hooks), Not(IsEmpty()));
}

INSTANTIATE_TEST_SUITE_P(Forgotten, Control, testing::ValuesIn(AllForgotten()),
                         [](const auto& info) { return info.param.name; });

// A model whose dropout draws from a generator that runs on from the start of the process: the step is left out of the
// seed.
class RunsOn : public Model {
 public:
  explicit RunsOn(std::unique_ptr<Model> model)
      : Model(model->parameters(), model->buffers()),
        model_(std::move(model)),
        generator_(at::detail::createCPUGenerator(11)) {}
  at::Tensor Forward(const NamedTensors& parameters, const Batch& batch, const ForwardContext& context) const override {
    ForwardContext changed = context;
    if (changed.training) changed.generator = generator_;
    return model_->Forward(parameters, batch, changed);
  }

 private:
  const std::unique_ptr<Model> model_;
  const at::Generator generator_;
};

TEST(Control, DropoutThatDoesNotFollowFromTheStepIsFound) {
  const SmallPipeline pipeline;
  TrainHooks hooks;
  hooks.wrap_model = [](std::unique_ptr<Model> model) { return std::make_unique<RunsOn>(std::move(model)); };
  EXPECT_THAT(StopAtEveryStep(pipeline, hooks), SizeIs(testing::Gt(12)));
}

// Training that stopped after step 10, with one bit of its newest snapshot changed.
class ChangedSnapshot : public testing::Test {
 protected:
  ChangedSnapshot() : subject_(pipeline_.Train()), reference_(ReferenceOf(subject_)) {
    subject_.prepare();
    TrainHooks stopping;
    stopping.stop_at_step = 10;
    EXPECT_TRUE(absl::IsCancelled(RunTrain(pipeline_.Options(Unsynced::Get()), stopping)));
    const TrainSection train = ReadRecordOf(pipeline_.run_dir()).train();
    snapshot_ = JoinPath(pipeline_.run_dir(), train.last_snapshot().path());
    EXPECT_TRUE(absl::EndsWith(snapshot_, "10")) << snapshot_;
  }

  static void FlipLastByte(const std::string& path) {
    std::string bytes = ReadText(path);
    bytes.back() ^= 1;
    WriteText(path, bytes);
  }

  const SmallPipeline pipeline_;
  const Subject subject_;
  const Result reference_;
  std::string snapshot_;
};

TEST_F(ChangedSnapshot, IsSetAsideAndTheSameBitsAreMadeAgain) {
  FlipLastByte(snapshot_ + "/model.safetensors");
  EXPECT_THAT(subject_.find_torn(), Not(IsEmpty()));
  EXPECT_THAT(subject_.work(Unsynced::Get()), IsOk());
  EXPECT_THAT(DifferingParts(subject_.result(), reference_), IsEmpty());
  EXPECT_THAT(subject_.find_torn(), Each(HasSubstr("set aside")));
}

// The control: with digests that fit the changed bytes, as a reader finds them that compares none, it is used, and the
// result tells.
TEST_F(ChangedSnapshot, IsNoticedInTheResultWhereDigestsFit) {
  ASSERT_OK_AND_ASSIGN(const State state, LoadSnapshot(Unsynced::Get(), snapshot_, at::kCPU));
  // Not the last bit: the next update may round it away.
  *static_cast<uint32_t*>(state.model().flat().mutable_data_ptr()) ^= 1 << 20;
  ASSERT_THAT(RemoveTree(Unsynced::Get(), snapshot_), IsOk());
  ASSERT_THAT(SaveSnapshot(Unsynced::Get(), state, snapshot_), IsOk());
  EXPECT_THAT(subject_.work(Unsynced::Get()), IsOk());
  EXPECT_THAT(subject_.find_torn(), IsEmpty());
  EXPECT_THAT(DifferingParts(subject_.result(), reference_), testing::Contains(HasSubstr("model.safetensors")));
}

// Damage to all that finished training has left is an error, and --start_over the way out.
TEST(Resume, NoSnapshotLeft) {
  const SmallPipeline pipeline;
  const Subject subject = pipeline.Train();
  const Result reference = ReferenceOf(subject);
  for (const auto& [name, file] : StateOf(pipeline.run_dir() + "/train")) {
    if (absl::EndsWith(name, "model.safetensors")) WriteText(pipeline.run_dir() + "/train/" + name, "damaged");
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(subject.work(Unsynced::Get()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("--start_over")));
  }
  StageOptions options = pipeline.Options(Unsynced::Get());
  options.start_over = true;
  EXPECT_THAT(RunTrain(options), IsOk());
  EXPECT_THAT(DifferingParts(subject.result(), reference), IsEmpty());
}

// What this configuration left before another one was tried is gone on from, as it has the bits of a new beginning; if
// none of it can be used, then with --start_over training begins anew.
TEST(Resume, StartOverWithAnEarlierConfiguration) {
  for (const bool damaged : {false, true}) {
    const SmallPipeline pipeline;
    const Subject subject = pipeline.Train();
    const Result reference = ReferenceOf(subject);
    subject.prepare();
    StageOptions options = pipeline.Options(Unsynced::Get());
    EXPECT_THAT(RunTrain(options, {.stop_at_step = 7}), StatusIs(absl::StatusCode::kCancelled, HasSubstr("")));
    options.start_over = true;
    StageOptions other = options;
    other.overrides.push_back("train.optimizer.learning_rate=0.5");
    EXPECT_THAT(RunTrain(other, {.stop_at_step = 3}), StatusIs(absl::StatusCode::kCancelled, HasSubstr("")));
    for (const auto& [name, file] : StateOf(pipeline.run_dir() + "/train")) {
      if (!damaged || !absl::EndsWith(name, "model.safetensors")) continue;
      WriteText(pipeline.run_dir() + "/train/" + name, "damaged");
    }
    EXPECT_THAT(RunTrain(options), IsOk());
    EXPECT_EQ(ReadRecordOf(pipeline.run_dir()).train().stage().attempts().rbegin()->has_resumed_from_step(), !damaged);
    // The record lists the snapshots that were there as results of their own.
    const std::vector<std::string> differing = DifferingParts(subject.result(), reference);
    EXPECT_EQ(differing, damaged ? std::vector<std::string>() : std::vector<std::string>{"record"});
  }
}

}  // namespace
}  // namespace baton
