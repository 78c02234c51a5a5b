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

}  // namespace
}  // namespace baton
