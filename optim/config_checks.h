#ifndef BATON_OPTIM_CONFIG_CHECKS_H_
#define BATON_OPTIM_CONFIG_CHECKS_H_

#include "base/config_problems.h"
#include "optim/config.pb.h"

namespace baton {

// What of train.optimizer, train.schedule and train.ema is not as optim/config.proto asks.
void CheckOptimizer(const OptimizerConfig& optimizer, ConfigProblems& problems);
// None is a constant one.
void CheckSchedule(const ScheduleConfig& schedule, ConfigProblems& problems);
void CheckEma(const EmaConfig& ema, ConfigProblems& problems);

}  // namespace baton

#endif  // BATON_OPTIM_CONFIG_CHECKS_H_
