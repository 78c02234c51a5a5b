#include "training/goal.h"

#include <limits>

#include "gtest/gtest.h"

namespace baton {
namespace {

Goal GoalOf(uint64_t max_steps, uint64_t max_epochs) {
  TrainConfig config;
  if (max_steps > 0) config.set_max_steps(max_steps);
  if (max_epochs > 0) config.set_max_epochs(max_epochs);
  return Goal(config);
}

TEST(Goal, IsTenEpochsUnlessOneIsSet) {
  EXPECT_EQ(GoalOf(0, 0).Steps(7), 70);
  EXPECT_EQ(GoalOf(0, 0).Text(), "train.max_epochs is 10 (the default)");
  // A goal in steps alone has no limit of epochs.
  EXPECT_EQ(GoalOf(1000, 0).Steps(7), 1000);
  EXPECT_FALSE(GoalOf(1000, 0).IsReached({.steps = 999, .epochs = 142}));
}

TEST(Goal, TheFirstOneReachedEndsTraining) {
  const Goal goal = GoalOf(20, 3);
  EXPECT_EQ(goal.Text(), "train.max_steps is 20 and train.max_epochs is 3");
  EXPECT_EQ(goal.Steps(5), 15);
  EXPECT_EQ(goal.Steps(10), 20);
  EXPECT_FALSE(goal.IsReached({.steps = 19, .epochs = 2, .inside_epoch = true}));
  EXPECT_TRUE(goal.IsReached({.steps = 20, .epochs = 2}));
  EXPECT_TRUE(goal.IsReached({.steps = 15, .epochs = 3}));
}

TEST(Goal, ThatWasReachedEarlierIsPassed) {
  const Goal goal = GoalOf(20, 3);
  EXPECT_FALSE(goal.IsPassed({.steps = 20, .epochs = 2, .inside_epoch = true}));
  EXPECT_TRUE(goal.IsPassed({.steps = 21, .epochs = 2, .inside_epoch = true}));
  EXPECT_FALSE(goal.IsPassed({.steps = 15, .epochs = 3}));
  EXPECT_TRUE(goal.IsPassed({.steps = 16, .epochs = 3, .inside_epoch = true}));
  EXPECT_TRUE(goal.IsPassed({.steps = 19, .epochs = 4}));
}

TEST(Goal, DoesNotOverflow) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ(GoalOf(0, kMost).Steps(2), kMost);
  EXPECT_EQ(GoalOf(5, kMost).Steps(2), 5);
  EXPECT_EQ(GoalOf(0, 3).Steps(0), 0);
}

TEST(StepsPerEpoch, CountsTheShortBatch) {
  TrainConfig config;
  config.set_batch_size(32);
  EXPECT_EQ(StepsPerEpoch(64, config), 2);
  EXPECT_EQ(StepsPerEpoch(65, config), 3);
  EXPECT_EQ(StepsPerEpoch(0, config), 0);
}

}  // namespace
}  // namespace baton
