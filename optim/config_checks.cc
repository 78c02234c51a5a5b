#include "optim/config_checks.h"

#include "absl/strings/str_cat.h"
#include "optim/schedule.h"

namespace baton {
namespace {

bool IsIn0To1(double value) { return value >= 0 && value <= 1; }
bool IsAbove0To1(double value) { return value > 0 && value <= 1; }
bool IsBetween0And1(double value) { return value > 0 && value < 1; }

void CheckKind(const ScheduleConfig& schedule, ConfigProblems& problems) {
  switch (schedule.kind_case()) {
    case ScheduleConfig::kCosine:
      problems.Expect(IsIn0To1(schedule.cosine().final_factor()), "train.schedule.cosine.final_factor",
                      schedule.cosine().final_factor(), "from 0 to 1");
      break;
    case ScheduleConfig::kLinear:
      problems.Expect(IsIn0To1(schedule.linear().final_factor()), "train.schedule.linear.final_factor",
                      schedule.linear().final_factor(), "from 0 to 1");
      break;
    case ScheduleConfig::kStep:
      problems.Expect(schedule.step().step_size() > 0, "train.schedule.step.step_size", schedule.step().step_size(),
                      "at least 1: after how many steps the learning rate falls");
      problems.Expect(IsAbove0To1(schedule.step().gamma()), "train.schedule.step.gamma", schedule.step().gamma(),
                      "above 0 and at most 1");
      break;
    case ScheduleConfig::kExponential:
      problems.Expect(IsAbove0To1(schedule.exponential().gamma()), "train.schedule.exponential.gamma",
                      schedule.exponential().gamma(), "above 0 and at most 1: the factor of each step, e.g. 0.999");
      break;
    case ScheduleConfig::kOneCycle: {
      const OneCycleScheduleConfig& cycle = schedule.one_cycle();
      problems.Expect(IsBetween0And1(cycle.warmup_fraction()), "train.schedule.one_cycle.warmup_fraction",
                      cycle.warmup_fraction(), "above 0 and below 1");
      problems.Expect(IsAbove0(cycle.initial_divisor() - 1), "train.schedule.one_cycle.initial_divisor",
                      cycle.initial_divisor(), "above 1 and finite");
      problems.Expect(IsAtLeast0(cycle.final_divisor() - 1), "train.schedule.one_cycle.final_divisor",
                      cycle.final_divisor(), "at least 1 and finite");
      problems.Expect(schedule.warmup_steps() == 0, "train.schedule.warmup_steps", schedule.warmup_steps(),
                      "0 with one_cycle, which begins with a rise of its own: set its warmup_fraction");
      break;
    }
    case ScheduleConfig::kWarmupStableDecay: {
      const WarmupStableDecayScheduleConfig& decay = schedule.warmup_stable_decay();
      problems.Expect(IsAbove0To1(decay.decay_fraction()), "train.schedule.warmup_stable_decay.decay_fraction",
                      decay.decay_fraction(), "above 0 and at most 1");
      problems.Expect(IsIn0To1(decay.final_factor()), "train.schedule.warmup_stable_decay.final_factor",
                      decay.final_factor(), "from 0 to 1");
      break;
    }
    case ScheduleConfig::kPlateau: {
      const PlateauScheduleConfig& plateau = schedule.plateau();
      problems.Expect(IsBetween0And1(plateau.factor()), "train.schedule.plateau.factor", plateau.factor(),
                      "above 0 and below 1");
      problems.Expect(IsIn0ToBelow1(plateau.threshold()), "train.schedule.plateau.threshold", plateau.threshold(),
                      "at least 0 and below 1");
      problems.Expect(IsIn0To1(plateau.min_factor()), "train.schedule.plateau.min_factor", plateau.min_factor(),
                      "from 0 to 1");
      break;
    }
    case ScheduleConfig::kConstant:
    case ScheduleConfig::KIND_NOT_SET:
      break;
  }
}

}  // namespace

void CheckOptimizer(const OptimizerConfig& optimizer, ConfigProblems& problems) {
  problems.Expect(IsAbove0(optimizer.learning_rate()), "train.optimizer.learning_rate", optimizer.learning_rate(),
                  "above 0 and finite");
  problems.Expect(IsAtLeast0(optimizer.weight_decay()), "train.optimizer.weight_decay", optimizer.weight_decay(),
                  "at least 0 and finite");
  switch (optimizer.kind_case()) {
    case OptimizerConfig::KIND_NOT_SET:
      problems.Add("train.optimizer is not chosen; one of sgd, adamw and lion, e.g. train.optimizer.adamw={}");
      break;
    case OptimizerConfig::kSgd:
      problems.Expect(IsIn0ToBelow1(optimizer.sgd().momentum()), "train.optimizer.sgd.momentum",
                      optimizer.sgd().momentum(), "at least 0 and below 1");
      if (optimizer.sgd().nesterov() && optimizer.sgd().momentum() == 0) {
        problems.Add("train.optimizer.sgd.nesterov needs a momentum; set train.optimizer.sgd.momentum, e.g. to 0.9");
      }
      break;
    case OptimizerConfig::kAdamw: {
      const AdamWConfig& adamw = optimizer.adamw();
      problems.Expect(IsIn0ToBelow1(adamw.beta1()), "train.optimizer.adamw.beta1", adamw.beta1(),
                      "at least 0 and below 1");
      problems.Expect(IsIn0ToBelow1(adamw.beta2()), "train.optimizer.adamw.beta2", adamw.beta2(),
                      "at least 0 and below 1");
      problems.Expect(IsAbove0(adamw.epsilon()), "train.optimizer.adamw.epsilon", adamw.epsilon(),
                      "above 0 and finite");
      break;
    }
    case OptimizerConfig::kLion: {
      const LionConfig& lion = optimizer.lion();
      problems.Expect(IsIn0ToBelow1(lion.beta1()), "train.optimizer.lion.beta1", lion.beta1(),
                      "at least 0 and below 1");
      problems.Expect(IsIn0ToBelow1(lion.beta2()), "train.optimizer.lion.beta2", lion.beta2(),
                      "at least 0 and below 1");
      break;
    }
  }
}

void CheckSchedule(const ScheduleConfig& schedule, ConfigProblems& problems) {
  CheckKind(schedule, problems);
  if (!schedule.has_horizon_steps()) return;
  if (!HasHorizon(schedule)) {
    problems.Add(
        "train.schedule.horizon_steps is where a cosine, linear, one_cycle or warmup_stable_decay ends, and this "
        "schedule has no end; leave it out");
    return;
  }
  problems.Expect(schedule.horizon_steps() > schedule.warmup_steps(), "train.schedule.horizon_steps",
                  schedule.horizon_steps(), absl::StrCat("more than warmup_steps, which is ", schedule.warmup_steps()));
}

void CheckEma(const EmaConfig& ema, ConfigProblems& problems) {
  problems.Expect(IsBetween0And1(ema.decay()), "train.ema.decay", ema.decay(), "above 0 and below 1");
}

}  // namespace baton
