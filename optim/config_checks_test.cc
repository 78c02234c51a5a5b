#include "optim/config_checks.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::HasSubstr;
using testing::Not;

using Cases = std::vector<std::pair<std::string, std::string>>;

template <typename Config>
std::string Problem(const std::string& text, void (*check)(const Config&, ConfigProblems&)) {
  Config config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
  ConfigProblems problems;
  check(config, problems);
  return std::string(problems.ToStatus().message());
}

template <typename Config>
void ExpectAllRefused(const Cases& cases, void (*check)(const Config&, ConfigProblems&)) {
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(Problem<Config>(text, check), HasSubstr(message)) << text;
    EXPECT_THAT(Problem<Config>(text, check), Not(HasSubstr("\n")))
        << text << " is one mistake and was told as several";
  }
}

TEST(CheckOptimizer, TakesWhatIsInRange) {
  for (const char* text :
       {"sgd {}", "sgd { momentum: 0.9 nesterov: true }", "adamw { beta1: 0 beta2: 0 }", "lion {}"}) {
    EXPECT_EQ(Problem(text, CheckOptimizer), "") << text;
  }
}

TEST(CheckOptimizer, RefusesEachFieldOutOfRangeByItsName) {
  ExpectAllRefused({{"", "train.optimizer is not chosen"},
                    {"sgd { momentum: 1 }", "train.optimizer.sgd.momentum is 1"},
                    {"sgd { nesterov: true }", "set train.optimizer.sgd.momentum"},
                    {"lion { beta1: 1 }", "train.optimizer.lion.beta1 is 1"},
                    {"lion { beta2: nan }", "train.optimizer.lion.beta2 is nan"}},
                   CheckOptimizer);
}

TEST(CheckSchedule, TakesWhatIsInRange) {
  for (const char* text :
       {"", "warmup_steps: 5", "constant {} warmup_steps: 5",
        "linear { final_factor: 1 } warmup_steps: 5 horizon_steps: 6", "step { step_size: 1 gamma: 1 } warmup_steps: 5",
        "exponential { gamma: 1 }", "one_cycle { final_divisor: 1 annealing: LINEAR } horizon_steps: 1",
        "warmup_stable_decay { decay_fraction: 1 final_factor: 1 } warmup_steps: 5",
        "plateau { patience: 0 threshold: 0 min_factor: 1 } warmup_steps: 5"}) {
    EXPECT_EQ(Problem(text, CheckSchedule), "") << text;
  }
}

TEST(CheckSchedule, RefusesEachFieldOutOfRangeByItsName) {
  ExpectAllRefused(
      {{"linear { final_factor: 1.5 }", "train.schedule.linear.final_factor is 1.5"},
       {"linear { final_factor: nan }", "train.schedule.linear.final_factor is nan"},
       {"step {}", "train.schedule.step.step_size is 0"},
       {"step { step_size: 1 gamma: 0 }", "train.schedule.step.gamma is 0"},
       {"step { step_size: 1 gamma: 1.5 }", "train.schedule.step.gamma is 1.5"},
       {"exponential {}", "train.schedule.exponential.gamma is 0"},
       {"exponential { gamma: nan }", "train.schedule.exponential.gamma is nan"},
       {"one_cycle { warmup_fraction: 0 }", "train.schedule.one_cycle.warmup_fraction is 0"},
       {"one_cycle { warmup_fraction: 1 }", "train.schedule.one_cycle.warmup_fraction is 1"},
       {"one_cycle { initial_divisor: 1 }", "train.schedule.one_cycle.initial_divisor is 1"},
       {"one_cycle { initial_divisor: inf }", "train.schedule.one_cycle.initial_divisor is inf"},
       {"one_cycle { final_divisor: 0.5 }", "train.schedule.one_cycle.final_divisor is 0.5"},
       {"one_cycle {} warmup_steps: 5", "set its warmup_fraction"},
       {"warmup_stable_decay { decay_fraction: 0 }", "train.schedule.warmup_stable_decay.decay_fraction is 0"},
       {"warmup_stable_decay { decay_fraction: 1.1 }", "train.schedule.warmup_stable_decay.decay_fraction is 1.1"},
       {"warmup_stable_decay { final_factor: -1 }", "train.schedule.warmup_stable_decay.final_factor is -1"},
       {"plateau { factor: 1 }", "train.schedule.plateau.factor is 1"},
       {"plateau { factor: 0 }", "train.schedule.plateau.factor is 0"},
       {"plateau { threshold: 1 }", "train.schedule.plateau.threshold is 1"},
       {"plateau { min_factor: 2 }", "train.schedule.plateau.min_factor is 2"},
       {"linear {} warmup_steps: 5 horizon_steps: 5", "train.schedule.horizon_steps is 5; expected more than"},
       {"horizon_steps: 5", "this schedule has no end; leave it out"},
       {"plateau {} horizon_steps: 5", "this schedule has no end; leave it out"},
       {"step { step_size: 1 } horizon_steps: 5", "this schedule has no end; leave it out"}},
      CheckSchedule);
}

TEST(CheckEma, DecayIsBetween0And1) {
  EXPECT_EQ(Problem("", CheckEma), "");
  ExpectAllRefused({{"decay: 0", "train.ema.decay is 0"},
                    {"decay: 1", "train.ema.decay is 1"},
                    {"decay: nan", "train.ema.decay is nan"}},
                   CheckEma);
}

}  // namespace
}  // namespace baton
