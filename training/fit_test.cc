#include "training/fit.h"

#include <string>
#include <vector>

#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "base/testing/temporary_folder.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "models/criterion_registry.h"
#include "models/model_registry.h"
#include "training/test_examples.h"

#include "third_party/torch_begin.h"

#include <ATen/Parallel.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// What was told, in the order in which it was.
class Listener : public Observer {
 public:
  absl::Status OnStep(const StepReport& step) override {
    steps.push_back(step);
    return step.step_index == fail_at ? absl::UnavailableError("the tracker is gone") : absl::OkStatus();
  }
  absl::Status OnMeasurement(const Measurement& measurement) override {
    measurements.push_back(measurement);
    return absl::OkStatus();
  }
  absl::Status OnEpoch(uint64_t epochs_finished) override {
    epochs.push_back(epochs_finished);
    return absl::OkStatus();
  }
  absl::Status OnEnd(const State&, StopReason reason) override {
    ended.push_back(reason);
    return absl::OkStatus();
  }

  std::vector<StepReport> steps;
  std::vector<Measurement> measurements;
  std::vector<uint64_t> epochs;
  std::vector<StopReason> ended;
  uint64_t fail_at = 0;
};

// 20 examples in batches of 8: 3 steps an epoch.
class FitTest : public testing::Test {
 protected:
  FitTest() {
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
        model { mlp { hidden_sizes: 5 dropout: 0.2 } }
        criterion { cross_entropy {} }
        optimizer { learning_rate: 0.05 adamw {} }
        batch_size: 8
        micro_batches: 2
        clip_norm: 1)",
                                                              &config_));
  }

  Training Parts() {
    model_ = *BuildModel(config_.model(), kShape);
    criterion_ = *BuildCriterion(config_.criterion(), kShape);
    return {.config = config_,
            .seed = 3,
            .model = *model_,
            .criterion = *criterion_,
            .train = train_,
            .validation = &validation_,
            .pool = *pool_,
            .observers = {&listener_}};
  }
  // From the beginning, without snapshots.
  absl::StatusOr<StopReason> Train() {
    const Training training = Parts();
    state_ = *InitialState(training, at::kCPU);
    return Fit(training, state_);
  }

  const DataShape kShape{.features = {4}, .classes = 3};
  TrainConfig config_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Criterion> criterion_;
  const TensorSource train_ = TestExamples("train", 20, 4, 3);
  const TensorSource validation_ = TestExamples("validation", 9, 4, 3);
  const std::unique_ptr<WorkerPool> pool_ = *WorkerPool::Create(1, [] { at::set_num_threads(1); });
  Listener listener_;
  State state_;
};

TEST_F(FitTest, ObserversAreToldWhatHappens) {
  config_.set_max_epochs(2);
  ASSERT_OK_AND_ASSIGN(const StopReason reason, Train());
  EXPECT_EQ(reason, StopReason::kMaxEpochs);
  ASSERT_THAT(listener_.steps, SizeIs(6));
  EXPECT_EQ(listener_.steps[3].step_index, 4);
  EXPECT_EQ(listener_.steps[3].epoch_index, 1);
  EXPECT_EQ(listener_.steps[3].examples, 28);
  EXPECT_EQ(listener_.steps[3].learning_rate, 0.05);
  EXPECT_GT(listener_.steps[3].loss, 0);
  EXPECT_GT(listener_.steps[3].gradient_norm.value(), 0);
  EXPECT_THAT(listener_.epochs, ElementsAre(1, 2));
  ASSERT_THAT(listener_.measurements, SizeIs(2));
  EXPECT_EQ(listener_.measurements[1].step_index(), 6);
  EXPECT_EQ(listener_.measurements[1].epoch_index(), 2);
  EXPECT_EQ(listener_.measurements[1].examples(), 40);
  EXPECT_EQ(listener_.measurements[1].validation_metrics().count("accuracy"), 1);
  // The losses of the batches, weighted by their rows.
  const std::vector<StepReport>& steps = listener_.steps;
  EXPECT_NEAR(listener_.measurements[0].train_loss(), (8 * steps[0].loss + 8 * steps[1].loss + 4 * steps[2].loss) / 20,
              1e-9);
  EXPECT_THAT(listener_.ended, ElementsAre(StopReason::kMaxEpochs));
}

TEST_F(FitTest, AnObserversErrorEndsTraining) {
  listener_.fail_at = 2;
  EXPECT_THAT(Train(), StatusIs(StatusCode::kUnavailable, "the tracker is gone"));
  EXPECT_THAT(listener_.steps, SizeIs(2));
  EXPECT_THAT(listener_.ended, IsEmpty());
}

TEST_F(FitTest, TheFirstGoalEndsItAndValidationsCountSteps) {
  config_.set_max_epochs(9);
  config_.set_max_steps(7);
  config_.set_validate_every_steps(2);
  ASSERT_OK_AND_ASSIGN(const StopReason reason, Train());
  EXPECT_EQ(reason, StopReason::kMaxSteps);
  std::vector<uint64_t> measured;
  for (const Measurement& measurement : state_.history) measured.push_back(measurement.step_index());
  EXPECT_THAT(measured, ElementsAre(2, 4, 6));
  EXPECT_EQ(state_.progress.epoch_index(), 2);
  EXPECT_EQ(state_.progress.train_batch_index(), 1);
  EXPECT_EQ(state_.progress.epoch_examples(), 8);
}

// A goal that was reached and raised gives the bits of the higher goal at once.
TEST_F(FitTest, ARaisedGoalGoesOnToTheSameBits) {
  config_.set_max_steps(10);
  ASSERT_THAT(Train(), IsOk());
  const State at_once = state_;
  config_.set_max_steps(4);
  ASSERT_THAT(Train(), IsOk());
  EXPECT_FALSE(Identical(state_, at_once));
  config_.set_max_steps(10);
  ASSERT_THAT(Fit(Parts(), state_), IsOk());
  EXPECT_THAT(Differences(state_, at_once), IsEmpty());
}

// The second half of the epoch is cut into other batches; none of its examples is taken twice.
TEST_F(FitTest, AnotherBatchSizeGoesOnAtTheSamePlace) {
  config_.set_max_steps(1);
  ASSERT_THAT(Train(), IsOk());
  config_.set_batch_size(4);
  config_.clear_max_steps();
  config_.set_max_epochs(1);
  ASSERT_THAT(Fit(Parts(), state_), IsOk());
  EXPECT_EQ(state_.progress.step_index(), 1 + 3);
  EXPECT_EQ(state_.progress.examples(), 20);
}

TEST_F(FitTest, WithAStoreItIsTakenUpAgain) {
  config_.set_max_epochs(3);
  ASSERT_THAT(Train(), IsOk());
  const TemporaryFolder folder;
  SnapshotStore store(Unsynced::Get(), folder.path());
  Training training = Parts();
  training.snapshots = &store;
  training.stop_at_step = 5;
  ASSERT_OK_AND_ASSIGN(State first, RestoreOrBegin(training, at::kCPU));
  EXPECT_THAT(Fit(training, first), StatusIs(StatusCode::kCancelled, HasSubstr("step 5")));
  training.stop_at_step = 0;
  ASSERT_OK_AND_ASSIGN(State second, RestoreOrBegin(training, at::kCPU));
  EXPECT_EQ(second.progress.step_index(), 5);
  ASSERT_THAT(Fit(training, second), IsOk());
  EXPECT_THAT(Differences(second, state_), IsEmpty());
}

TEST_F(FitTest, AStateOfAnotherTrainingDoesNotFit) {
  ASSERT_THAT(Train(), IsOk());
  config_.mutable_ema();
  EXPECT_THAT(Fit(Parts(), state_),
              StatusIs(StatusCode::kDataLoss,
                       HasSubstr("[model, optimizer/exp_avg, optimizer/exp_avg_sq] where this training has [model, "
                                 "average, optimizer/exp_avg")));
  config_.clear_ema();
  config_.mutable_model()->mutable_mlp()->set_hidden_sizes(0, 6);
  EXPECT_THAT(Fit(Parts(), state_),
              StatusIs(StatusCode::kDataLoss, HasSubstr("'layers.0.weight' [5, 4] with weight decay where this")));
}

// What State was begun with is not changed by a configuration in silence.
TEST_F(FitTest, CountersOfAnotherConfigurationAreRefused) {
  config_.set_max_steps(1);
  ASSERT_THAT(Train(), IsOk());
  config_.set_max_steps(2);
  config_.set_micro_batches(4);
  EXPECT_THAT(Fit(Parts(), state_),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("train.micro_batches 2, and this training has 4")));
  config_.set_micro_batches(2);
  config_.set_threads_per_worker(2);
  EXPECT_THAT(Fit(Parts(), state_), StatusIs(StatusCode::kInvalidArgument, HasSubstr("train.threads_per_worker 1")));
  config_.set_threads_per_worker(1);
  // Its rate would be 0 from the first step on.
  config_.mutable_schedule()->mutable_cosine();
  EXPECT_THAT(Fit(Parts(), state_), StatusIs(StatusCode::kInvalidArgument, HasSubstr("schedule.horizon_steps")));
  config_.clear_schedule();
  Training training = Parts();
  training.seed = 4;
  EXPECT_THAT(Fit(training, state_), StatusIs(StatusCode::kInvalidArgument, HasSubstr("the seed 3")));
  EXPECT_THAT(Fit(Parts(), state_), IsOk());
}

TEST_F(FitTest, AnotherEnvironmentIsRefusedOnRequest) {
  const TemporaryFolder folder;
  SnapshotStore store(Unsynced::Get(), folder.path());
  Training training = Parts();
  training.snapshots = &store;
  State state = *InitialState(training, at::kCPU);
  state.environment.set_cpu_model("another CPU");
  ASSERT_THAT(store.Save(state), IsOk());
  ASSERT_OK_AND_ASSIGN(const State restored, RestoreOrBegin(training, at::kCPU));
  EXPECT_NE(restored.environment.cpu_model(), "another CPU");
  config_.set_strict_environment(true);
  EXPECT_THAT(RestoreOrBegin(training, at::kCPU).status(),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("another CPU")));
}

TEST_F(FitTest, WhatCannotBeUsedIsRefused) {
  config_.set_micro_batches(3);
  EXPECT_THAT(Train(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("train.micro_batches is 3")));
  config_.set_micro_batches(2);
  config_.set_selection_metric("acuracy");
  EXPECT_THAT(Train(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("did you mean accuracy?")));
  config_.clear_selection_metric();
  config_.mutable_early_stopping()->set_patience(1);
  Training training = Parts();
  training.validation = nullptr;
  EXPECT_THAT(Fit(training, state_), StatusIs(StatusCode::kInvalidArgument, HasSubstr("give a validation source")));
  // By the criterion's own metrics, whether or not the configuration names one.
  config_.clear_early_stopping();
  config_.set_selection_metric("accuracy");
  config_.clear_criterion();
  EXPECT_THAT(Fit(training, state_), StatusIs(StatusCode::kInvalidArgument, HasSubstr("give a validation source")));
}

}  // namespace
}  // namespace baton
