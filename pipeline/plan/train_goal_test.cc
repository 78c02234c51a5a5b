#include "pipeline/plan/train_goal.h"

#include "gtest/gtest.h"

namespace baton {
namespace {

TrainSection TrainedFor(int epochs, TrainSection::StopReason reason) {
  TrainSection train;
  train.mutable_stage()->set_status(StageRun::COMPLETE);
  train.set_stop_reason(reason);
  train.set_epochs_done(epochs);
  return train;
}

PipelineConfig MaxEpochs(int epochs) {
  PipelineConfig config;
  config.mutable_train()->set_max_epochs(epochs);
  return config;
}

TEST(TrainGoal, CountsEpochs) {
  EXPECT_EQ(EpochsDone(TrainSection()), 0);
  EXPECT_EQ(EpochsDone(TrainedFor(3, TrainSection::MAX_EPOCHS)), 3);
}

TEST(TrainGoal, MoreEpochsAreWanted) {
  EXPECT_TRUE(TrainWantsMore(MaxEpochs(4), TrainedFor(3, TrainSection::MAX_EPOCHS)));
  EXPECT_TRUE(TrainWantsMore(MaxEpochs(1), TrainedFor(0, TrainSection::MAX_EPOCHS)));
}

TEST(TrainGoal, AsManyOrFewerAreNot) {
  EXPECT_FALSE(TrainWantsMore(MaxEpochs(3), TrainedFor(3, TrainSection::MAX_EPOCHS)));
  EXPECT_FALSE(TrainWantsMore(MaxEpochs(2), TrainedFor(3, TrainSection::MAX_EPOCHS)));
}

TEST(TrainGoal, TheDefaultCounts) {
  EXPECT_TRUE(TrainWantsMore(PipelineConfig(), TrainedFor(9, TrainSection::MAX_EPOCHS)));
  EXPECT_FALSE(TrainWantsMore(PipelineConfig(), TrainedFor(10, TrainSection::MAX_EPOCHS)));
}

TEST(TrainGoal, EarlyStoppingIsFinal) {
  EXPECT_FALSE(TrainWantsMore(MaxEpochs(4), TrainedFor(3, TrainSection::EARLY_STOPPING)));
}

TEST(TrainGoal, UnfinishedTrainingIsNotAskedForMore) {
  TrainSection train = TrainedFor(3, TrainSection::MAX_EPOCHS);
  for (const StageRun::Status status : {StageRun::RUNNING, StageRun::INTERRUPTED, StageRun::FAILED}) {
    train.mutable_stage()->set_status(status);
    EXPECT_FALSE(TrainWantsMore(MaxEpochs(4), train));
  }
}

}  // namespace
}  // namespace baton
