#include "optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace baton {
namespace {

// How much of `whole` is over: all of it where there is nothing.
double Share(double part, double whole) { return part >= whole ? 1 : part / whole; }

// From `from` to `to` as `share` goes from 0 to 1: in a straight line, or in half a wave.
double Line(double from, double to, double share) { return from + (to - from) * share; }
double HalfCosine(double from, double to, double share) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * share)) / 2;
}

double Step(const StepScheduleConfig& config, uint64_t steps) {
  return std::pow(config.gamma(), static_cast<double>(steps / std::max<uint64_t>(config.step_size(), 1)));
}

// As PyTorch's, its summit may lie between two steps, and its last step is the lowest.
double OneCycle(const OneCycleScheduleConfig& config, double steps, double whole) {
  const auto anneal = config.annealing() == OneCycleScheduleConfig::LINEAR ? Line : HalfCosine;
  const double lowest = 1 / config.initial_divisor();
  const double summit = config.warmup_fraction() * whole - 1;
  if (steps < summit) return anneal(lowest, 1, steps / summit);
  return anneal(1, lowest / config.final_divisor(), Share(steps - summit, whole - 1 - summit));
}

double WarmupStableDecay(const WarmupStableDecayScheduleConfig& config, double steps, double whole, double horizon) {
  const double begin = std::max(0.0, whole - config.decay_fraction() * horizon);
  if (steps < begin) return 1;
  const double share = Share(steps - begin, whole - begin);
  const bool linear = config.shape() == WarmupStableDecayScheduleConfig::LINEAR;
  return Line(1, config.final_factor(), linear ? share : std::sqrt(share));
}

}  // namespace

bool HasHorizon(const ScheduleConfig& config) {
  return config.has_cosine() || config.has_linear() || config.has_one_cycle() || config.has_warmup_stable_decay();
}

double ScheduleFactor(const ScheduleConfig& config, uint64_t step_index, uint64_t horizon_steps) {
  const uint64_t warmup = config.warmup_steps();
  if (step_index < warmup) return static_cast<double>(step_index + 1) / static_cast<double>(warmup + 1);
  const uint64_t finished = step_index - warmup;
  const double steps = static_cast<double>(finished);
  const double horizon = static_cast<double>(horizon_steps);
  const double whole = horizon - static_cast<double>(warmup);
  switch (config.kind_case()) {
    case ScheduleConfig::kCosine:
      return HalfCosine(1, config.cosine().final_factor(), Share(steps, whole));
    case ScheduleConfig::kLinear:
      return Line(1, config.linear().final_factor(), Share(steps, whole));
    case ScheduleConfig::kStep:
      return Step(config.step(), finished);
    case ScheduleConfig::kExponential:
      return std::pow(config.exponential().gamma(), steps);
    case ScheduleConfig::kOneCycle:
      return OneCycle(config.one_cycle(), steps, whole);
    case ScheduleConfig::kWarmupStableDecay:
      return WarmupStableDecay(config.warmup_stable_decay(), steps, whole, horizon);
    case ScheduleConfig::kPlateau:
    case ScheduleConfig::kConstant:
    case ScheduleConfig::KIND_NOT_SET:
      break;
  }
  return 1;
}

}  // namespace baton
