#ifndef BATON_OPTIM_SCHEDULE_H_
#define BATON_OPTIM_SCHEDULE_H_

#include <cstdint>

#include "optim/config.pb.h"

namespace baton {

// The factor on the learning rate for the step that follows `step_index` finished ones: a pure function, so that there
// is nothing to save. `horizon_steps` is where a cosine ends.
//   constant  1
//   cosine    (s + 1) / (warmup + 1) for s < warmup; then
//             f + (1 - f) (1 + cos(pi (s - warmup) / (horizon - warmup))) / 2, and f from the horizon on
double ScheduleFactor(const ScheduleConfig& config, uint64_t step_index, uint64_t horizon_steps);

}  // namespace baton

#endif  // BATON_OPTIM_SCHEDULE_H_
