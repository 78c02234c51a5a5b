#include "optim/schedule.h"

#include "gtest/gtest.h"

namespace baton {
namespace {

TEST(Schedule, ConstantIsOne) {
  EXPECT_EQ(ScheduleFactor({}, 0, 100), 1);
  EXPECT_EQ(ScheduleFactor({}, 1000, 100), 1);
}

// Worked out in Python from the formula in the header: warmup 4, horizon 20, final factor 0.1.
TEST(Schedule, CosineWithWarmup) {
  ScheduleConfig config;
  config.set_warmup_steps(4);
  config.mutable_cosine()->set_final_factor(0.1);
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 0, 20), 0.2);
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 3, 20), 0.8);
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 4, 20), 1);
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 12, 20), 0.55);
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 19, 20), 0.10864662381854631);
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 20, 20), 0.1);
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 30, 20), 0.1);
}

TEST(Schedule, HorizonWithinTheWarmup) {
  ScheduleConfig config;
  config.set_warmup_steps(4);
  config.mutable_cosine();
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 2, 3), 0.6);
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 4, 3), 0);
}

// Where they end, and that they stay there; the values between are compared with PyTorch's in pytorch_test.
TEST(Schedule, StaysWhereItEnds) {
  ScheduleConfig config;
  config.mutable_linear()->set_final_factor(0.25);
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 19, 20), 0.2875);
  for (const uint64_t step : {20, 21, 1000}) EXPECT_DOUBLE_EQ(ScheduleFactor(config, step, 20), 0.25);
  // Its lowest is at the last step before the horizon: 1 / (25 * 10000).
  config.mutable_one_cycle();
  EXPECT_GT(ScheduleFactor(config, 18, 20), 4e-6);
  for (const uint64_t step : {19, 20, 1000}) EXPECT_DOUBLE_EQ(ScheduleFactor(config, step, 20), 4e-6);
  config.mutable_warmup_stable_decay()->set_final_factor(0.5);
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 19, 20), 0.75);  // 10 % of 20 steps are two: 1, 0.75
  for (const uint64_t step : {20, 21, 1000}) EXPECT_DOUBLE_EQ(ScheduleFactor(config, step, 20), 0.5);
}

TEST(Schedule, OneCycleOfVeryFewSteps) {
  ScheduleConfig config;
  config.mutable_one_cycle();
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 0, 1), 4e-6);
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 1, 2), 4e-6);
  config.mutable_one_cycle()->set_warmup_fraction(0.5);  // the summit is the first step
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 0, 2), 1);
}

TEST(Schedule, DecayThatIsAllBeginsAfterTheWarmup) {
  ScheduleConfig config;
  config.set_warmup_steps(4);
  config.mutable_warmup_stable_decay()->set_decay_fraction(1);
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 3, 20), 0.8);
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 4, 20), 1);
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 12, 20), 0.5);
}

TEST(Schedule, APlateauIsOneAfterItsWarmup) {
  ScheduleConfig config;
  config.set_warmup_steps(3);
  config.mutable_plateau();
  EXPECT_DOUBLE_EQ(ScheduleFactor(config, 0, 0), 0.25);
  EXPECT_EQ(ScheduleFactor(config, 3, 0), 1);
  EXPECT_EQ(ScheduleFactor(config, 1000, 0), 1);
}

}  // namespace
}  // namespace baton
