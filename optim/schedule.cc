#include "optim/schedule.h"

#include <cmath>
#include <numbers>

namespace baton {
namespace {

double Cosine(const CosineScheduleConfig& config, double progress) {
  return config.final_factor() + (1 - config.final_factor()) * (1 + std::cos(std::numbers::pi * progress)) / 2;
}

}  // namespace

bool HasHorizon(const ScheduleConfig& config) {
  return config.has_cosine() || config.has_linear() || config.has_one_cycle() || config.has_warmup_stable_decay();
}

double ScheduleFactor(const ScheduleConfig& config, uint64_t step_index, uint64_t horizon_steps) {
  const uint64_t warmup = config.warmup_steps();
  if (step_index < warmup) return static_cast<double>(step_index + 1) / static_cast<double>(warmup + 1);
  // Of the steps between warmup and horizon, the share that is done.
  const double progress = step_index >= horizon_steps
                              ? 1
                              : static_cast<double>(step_index - warmup) / static_cast<double>(horizon_steps - warmup);
  if (config.has_cosine()) return Cosine(config.cosine(), progress);
  return 1;
}

}  // namespace baton
