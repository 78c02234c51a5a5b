#include "optim/schedule.h"

#include <cmath>
#include <numbers>

namespace baton {
namespace {

double Cosine(const CosineScheduleConfig& config, uint64_t step, uint64_t horizon) {
  const uint64_t warmup = config.warmup_steps();
  if (step < warmup) return static_cast<double>(step + 1) / static_cast<double>(warmup + 1);
  if (step >= horizon) return config.final_factor();
  const double progress = static_cast<double>(step - warmup) / static_cast<double>(horizon - warmup);
  return config.final_factor() + (1 - config.final_factor()) * (1 + std::cos(std::numbers::pi * progress)) / 2;
}

}  // namespace

double ScheduleFactor(const ScheduleConfig& config, uint64_t step_index, uint64_t horizon_steps) {
  if (config.has_cosine()) return Cosine(config.cosine(), step_index, horizon_steps);
  return 1;
}

}  // namespace baton
