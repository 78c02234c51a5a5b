#ifndef BATON_OPTIM_SCHEDULE_H_
#define BATON_OPTIM_SCHEDULE_H_

#include <cstdint>

#include "optim/config.pb.h"

namespace baton {

// Whether the schedule ends at a horizon: cosine, linear, one_cycle, warmup_stable_decay.
bool HasHorizon(const ScheduleConfig& config);

// The factor on the learning rate for the step that follows `step_index` finished ones, as optim/config.proto defines
// it: a pure function, so that there is nothing to save. `horizon_steps` is where a schedule with a horizon ends. 1 for
// a plateau after its warmup: its own factor (optim/plateau.h) comes on top.
double ScheduleFactor(const ScheduleConfig& config, uint64_t step_index, uint64_t horizon_steps);

}  // namespace baton

#endif  // BATON_OPTIM_SCHEDULE_H_
