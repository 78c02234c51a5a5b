#include "training/trainer.h"

#include "base/files.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/gated_file_system.h"
#include "base/testing/status_matchers.h"
#include "base/testing/temporary_folder.h"
#include "training/test_examples.h"

#include "third_party/torch_begin.h"

#include <ATen/Parallel.h>
#include <ATen/ops/arange.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using absl::StatusCode;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

constexpr int64_t kFeatures = 4;
constexpr int64_t kClasses = 3;
constexpr uint64_t kSeed = 3;
constexpr uint64_t kLastStep = 20;

// Calls `hook` before each forward pass.
class HookedModel : public Model {
 public:
  HookedModel(const Model& model, std::function<void()> hook)
      : Model(model.parameters()), model_(model), hook_(std::move(hook)) {}
  at::Tensor Forward(absl::Span<const at::Tensor> parameters, const Batch& batch,
                     std::optional<at::Generator> generator) const override {
    hook_();
    return model_.Forward(parameters, batch, generator);
  }

 private:
  const Model& model_;
  const std::function<void()> hook_;
};

// 10 epochs of 2 steps. Every process of a test is a call of Train(), which goes on from what is in the folder.
class TrainerTest : public testing::Test {
 protected:
  void SetUp() override {
    config_.mutable_model()->mutable_mlp()->add_hidden_sizes(5);
    config_.mutable_model()->mutable_mlp()->set_dropout(0.3);
    config_.mutable_criterion()->mutable_cross_entropy();
    config_.mutable_optimizer()->mutable_adamw();
    config_.mutable_optimizer()->set_learning_rate(0.3);
    config_.set_batch_size(8);
    config_.set_micro_batches(2);
    config_.set_max_epochs(10);
  }

  absl::Status Train(FileSystem& fs = Unsynced::Get(), uint64_t stop_at_step = 0) {
    const auto model = *BuildModel(config_.model(), {.features = kFeatures, .classes = kClasses});
    const auto criterion = *BuildCriterion(config_.criterion(), kClasses, at::kCPU);
    const auto optimizer = *BuildOptimizer(config_.optimizer());
    const HookedModel hooked(*model, before_forward_);
    WorkerPool pool(1, [] { at::set_num_threads(1); });
    SnapshotStore store(fs, folder_);
    absl::StatusOr<std::optional<State>> latest = store.LoadLatest(at::kCPU);
    EXPECT_THAT(latest, IsOk());
    State state = latest->has_value() ? **std::move(latest) : InitialState(*model, *optimizer);
    return Trainer({.config = config_,
                    .seed = kSeed,
                    .model = hooked,
                    .criterion = *criterion,
                    .optimizer = *optimizer,
                    .train = train_,
                    .validation = &validation_,
                    .snapshots = store,
                    .kept_for_good = {},
                    .pool = pool,
                    .stop_at_step = stop_at_step,
                    .before_snapshot = before_snapshot_,
                    .on_snapshot = on_snapshot_},
                   state)
        .Train();
  }

  std::vector<uint64_t> Steps() { return SnapshotStore(Unsynced::Get(), folder_).Steps().value(); }
  State Latest() { return SnapshotStore(Unsynced::Get(), folder_).LoadLatest(at::kCPU).value().value(); }
  void StartOver() { ASSERT_THAT(RemoveTree(Unsynced::Get(), folder_), IsOk()); }

  const TemporaryFolder temporary_folder_;
  const std::string folder_ = temporary_folder_.path();
  TrainConfig config_;
  int64_t padding_ = 0;  // of the State, in numbers
  const Examples train_ = TestExamples("train", 16, kFeatures, kClasses);
  const Examples validation_ = TestExamples("validation", 9, kFeatures, kClasses);
  std::function<void()> before_forward_ = [] {};
  std::function<absl::Status()> before_snapshot_;
  std::function<absl::Status(const State&)> on_snapshot_;

 private:
  State InitialState(const Model& model, const Optimizer& optimizer) const {
    State state;
    const auto layout = FlatLayout::Create(model.parameters()).value();
    FlatTensors parameters(layout, at::kCPU);
    Initialize(model.parameters(), kSeed, parameters);
    state.groups = {{kModelGroup, parameters}};
    if (padding_ > 0) {
      state.groups.push_back({"padding", Flatten({{"padding", at::arange(padding_, at::kFloat)}}).value()});
    }
    for (const std::string& slot : optimizer.slots()) {
      state.groups.push_back({OptimizerGroup(slot), FlatTensors(layout, at::kCPU)});
    }
    return state;
  }
};

TEST_F(TrainerTest, AFailedSnapshotEndsTrainingWhichGoesOnFromTheOneBefore) {
  config_.mutable_snapshots()->set_keep_every_steps(3);
  ASSERT_THAT(Train(), IsOk());
  const State reference = Latest();
  const std::vector<uint64_t> reference_steps = Steps();
  ASSERT_EQ(reference.progress.step_index(), kLastStep);
  const int faults = ForEachFault(
      {.operations = {FileOperation::kOpen, FileOperation::kRenameExclusive}, .path = "step-0", .error = ENOSPC},
      [&] { StartOver(); }, [&](FileSystem& fs) { return Train(fs); },
      [&](FaultyFileSystem& fs, const absl::Status& status) {
        EXPECT_EQ(status.ok(), fs.faults() == 0);
        const auto reason = AllOf(HasSubstr("step-0"), HasSubstr("No space left"));
        EXPECT_THAT(status, AnyOf(IsOk(), StatusIs(status.code(), reason)));
        EXPECT_THAT(Train(), IsOk());
        EXPECT_TRUE(Identical(Latest(), reference));
        EXPECT_EQ(Steps(), reference_steps);
      });
  EXPECT_GT(faults, 30);  // five files and two renames of the snapshots at 3, 6, 9, 12, 15, 18 and 20, and of the best
}

TEST_F(TrainerTest, WhatStaysIsTheSameHoweverOftenTrainingIsInterrupted) {
  SnapshotConfig& snapshots = *config_.mutable_snapshots();
  snapshots.set_keep_last(1);
  snapshots.set_keep_best(3);
  snapshots.set_keep_every_steps(7);
  ASSERT_THAT(Train(), IsOk());
  const std::vector<uint64_t> reference = Steps();
  const State final_state = Latest();
  const std::vector<uint64_t> best = BestSteps(final_state.history, final_state.progress, {.keep_best = 3});
  EXPECT_THAT(reference, IsSupersetOf({7, 14, 20}));
  EXPECT_THAT(reference, IsSupersetOf(best));
  EXPECT_EQ(best.front(), final_state.progress.best().step_index());
  EXPECT_LE(reference.size(), 6);
  ASSERT_LT(best.front(), 14) << "an early epoch is the best one, which is to outlive many processes";

  StartOver();
  for (uint64_t step = 1; step < kLastStep; ++step) {
    ASSERT_THAT(Train(Unsynced::Get(), step), StatusIs(StatusCode::kCancelled, HasSubstr("at step")));
    ASSERT_THAT(Steps(), Contains(step)) << "durable when Train() returns";
  }
  ASSERT_THAT(Train(), IsOk());
  EXPECT_EQ(Steps(), reference);
  EXPECT_TRUE(Identical(Latest(), final_state));
}

// What steps change is copied after 32 MB that they do not change: a step that did not wait for the copy would be
// faster.
TEST_F(TrainerTest, ASnapshotHoldsItsStepHoweverSoonTheNextIsTaken) {
  padding_ = 8 << 20;
  config_.mutable_snapshots()->set_keep_every_steps(1);
  config_.set_max_epochs(2);  // 4 steps
  std::vector<State> saved;
  on_snapshot_ = [&](const State& state) {
    saved.push_back(state.CopyTo(at::kCPU));
    return absl::OkStatus();
  };
  ASSERT_THAT(Train(), IsOk());
  ASSERT_EQ(saved.size(), 4);
  on_snapshot_ = nullptr;
  config_.mutable_snapshots()->set_keep_every_steps(0);
  for (uint64_t step = 1; step < 4; ++step) {
    StartOver();
    ASSERT_THAT(Train(Unsynced::Get(), step), StatusIs(StatusCode::kCancelled, HasSubstr("at step")));
    EXPECT_TRUE(Identical(saved[step - 1], Latest())) << "step " << step;
  }
}

TEST_F(TrainerTest, PeriodicSnapshotsAreLeftOutWhileOneIsWritten) {
  config_.mutable_snapshots()->set_every_steps(1);
  config_.mutable_snapshots()->set_keep_last(100);
  config_.set_batch_size(1);  // 16 steps an epoch, the end of which is among the best
  config_.set_micro_batches(1);
  config_.set_max_epochs(1);
  GatedFileSystem gate(/*open=*/false);
  int passes = 0;
  before_forward_ = [&] {
    if (++passes == 10) gate.SetOpen(true);
  };
  ASSERT_THAT(Train(gate), IsOk());
  std::vector<uint64_t> steps = Steps();
  EXPECT_EQ(steps.front(), 1);
  EXPECT_EQ(steps.back(), 16);
  steps.erase(steps.begin());
  EXPECT_THAT(steps, Each(Ge(10))) << "step 1 was being written until the tenth began";
}

TEST_F(TrainerTest, DivergenceLosesNoSnapshot) {
  config_.mutable_snapshots()->set_keep_every_steps(1);
  int passes = 0;
  uint64_t last = 0;
  before_forward_ = [&] { ++passes; };
  on_snapshot_ = [&](const State& saved) {
    last = saved.progress.step_index();
    return absl::OkStatus();
  };
  config_.mutable_optimizer()->set_learning_rate(1e38);
  EXPECT_THAT(Train(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("diverged")));
  ASSERT_THAT(Steps(), testing::Not(IsEmpty()));
  EXPECT_EQ(Steps().back(), last);
  EXPECT_EQ(Steps().size(), last) << "each step that was taken";
}

TEST_F(TrainerTest, AnAttemptThatIsNotTheNewestWritesNoSnapshot) {
  config_.mutable_snapshots()->set_keep_every_steps(2);
  int calls = 0;
  before_snapshot_ = [&] { return ++calls > 2 ? absl::UnavailableError("a newer attempt") : absl::OkStatus(); };
  EXPECT_THAT(Train(), StatusIs(StatusCode::kUnavailable, HasSubstr("a newer attempt")));
  EXPECT_THAT(Steps(), ElementsAre(2, 4));
  EXPECT_EQ(calls, 3) << "nothing is written after a failure";
}

}  // namespace
}  // namespace baton
