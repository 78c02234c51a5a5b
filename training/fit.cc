#include "training/fit.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "training/config_checks.h"
#include "training/environment.h"
#include "training/goal.h"
#include "training/micro_batch_gradient.h"
#include "training/trainer.h"

namespace baton {
namespace {

std::string Describe(const FlatLayout::Entry& entry) {
  return absl::StrCat("'", entry.name, "' [", absl::StrJoin(entry.shape, ", "), "]",
                      entry.weight_decay ? " with weight decay" : "");
}

absl::Status CheckSameLayout(absl::string_view group, const FlatLayout& found, const FlatLayout& expected) {
  for (size_t i = 0; i < std::max(found.entries.size(), expected.entries.size()); ++i) {
    const auto at = [i](const FlatLayout& layout) {
      return i < layout.entries.size() ? Describe(layout.entries[i]) : std::string("nothing");
    };
    if (at(found) != at(expected)) {
      return absl::DataLossError(absl::StrCat("the snapshot's group '", group, "' has ", at(found),
                                              " where this training has ", at(expected)));
    }
  }
  return absl::OkStatus();
}

std::string Names(const GroupLayouts& layouts) {
  return absl::StrJoin(layouts, ", ", [](std::string* out, const auto& layout) { *out += layout.first; });
}

// What State holds of the configuration is what the configuration says.
absl::Status CheckCounters(const TrainConfig& config, uint64_t seed, const TrainingProgress& progress) {
  const auto other = [](absl::string_view name, uint64_t state, uint64_t configured) {
    return absl::InvalidArgumentError(absl::StrCat("this State was begun with ", name, " ", state,
                                                   ", and this training has ", configured,
                                                   ": put it back, or begin with a State of its own"));
  };
  if (progress.seed() != seed) return other("the seed", progress.seed(), seed);
  if (progress.micro_batches() != config.micro_batches()) {
    return other("train.micro_batches", progress.micro_batches(), config.micro_batches());
  }
  if (progress.threads_per_worker() != config.threads_per_worker()) {
    return other("train.threads_per_worker", progress.threads_per_worker(), config.threads_per_worker());
  }
  const ScheduleConfig& schedule = config.schedule();
  const bool names_another =
      schedule.has_horizon_steps() && schedule.horizon_steps() != progress.schedule_horizon_steps();
  if (HasHorizon(schedule) && (names_another || !progress.has_schedule_horizon_steps())) {
    return other("train.schedule.horizon_steps", progress.schedule_horizon_steps(), schedule.horizon_steps());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckCanTrain(const Training& training) {
  if (training.train.examples() == 0) return absl::InvalidArgumentError("there are no examples to train on");
  if (training.validation != nullptr && training.validation->examples() == 0) {
    return absl::InvalidArgumentError("there are no examples to validate on");
  }
  ConfigProblems problems;
  CheckTraining(training.config, training.criterion.metrics(), problems);
  if (training.validation == nullptr) {
    CheckWithoutValidation(training.config, training.criterion.metrics(), "give a validation source", problems);
  }
  RETURN_IF_ERROR(problems.ToStatus());
  RETURN_IF_ERROR(CheckGenerator(training.model, training.pool.size()));
  return CheckMicroBatchRows(training.model, training.train.examples(), training.config.batch_size(),
                             training.config.micro_batches());
}

namespace {

// Counters of the State before the first step.
TrainingProgress FirstProgress(const Training& training) {
  const TrainConfig& config = training.config;
  TrainingProgress progress;
  progress.set_epoch_index(0);
  progress.set_train_batch_index(0);
  progress.set_step_index(0);
  progress.set_examples(0);
  progress.set_epoch_examples(0);
  progress.set_loss_sum(0);
  progress.set_weight_sum(0);
  if (HasHorizon(config.schedule())) {
    const uint64_t steps_per_epoch = StepsPerEpoch(training.train.examples(), config);
    progress.set_schedule_horizon_steps(config.schedule().has_horizon_steps() ? config.schedule().horizon_steps()
                                                                              : Goal(config).Steps(steps_per_epoch));
  }
  progress.set_seed(training.seed);
  progress.set_micro_batches(config.micro_batches());
  progress.set_threads_per_worker(config.threads_per_worker());
  return progress;
}

}  // namespace

absl::StatusOr<GroupLayouts> LayoutsOf(const Training& training) {
  ASSIGN_OR_RETURN(const auto optimizer, BuildOptimizer(training.config.optimizer()));
  ASSIGN_OR_RETURN(const auto model, FlatLayout::Create(training.model.parameters()));
  GroupLayouts layouts = {{kModelGroup, model}};
  const bool average = training.config.has_ema();
  std::shared_ptr<const FlatLayout> buffers;
  if (!training.model.buffers().empty()) {
    ASSIGN_OR_RETURN(buffers, FlatLayout::Create(training.model.buffers()));
    layouts.emplace_back(kBuffersGroup, buffers);
  }
  if (average) layouts.emplace_back(kAverageGroup, model);
  if (average && buffers != nullptr) layouts.emplace_back(kAverageBuffersGroup, buffers);
  if (!training.criterion.tensors().empty()) {
    ASSIGN_OR_RETURN(const auto criterion, FlatLayout::Create(training.criterion.tensors()));
    layouts.emplace_back(kCriterionGroup, criterion);
  }
  for (const std::string& slot : optimizer->slots()) layouts.emplace_back(OptimizerGroup(slot), model);
  return layouts;
}

absl::Status CheckFits(const Training& training, const GroupLayouts& found) {
  ASSIGN_OR_RETURN(const GroupLayouts expected, LayoutsOf(training));
  if (Names(found) != Names(expected)) {
    return absl::DataLossError(absl::StrCat("the snapshot has the groups of tensors [", Names(found),
                                            "] where this training has [", Names(expected), "]"));
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    RETURN_IF_ERROR(CheckSameLayout(expected[i].first, *found[i].second, *expected[i].second));
  }
  return absl::OkStatus();
}

absl::StatusOr<State> InitialState(const Training& training, at::Device device) try {
  ASSIGN_OR_RETURN(const GroupLayouts layouts, LayoutsOf(training));
  State state;
  for (const auto& [name, layout] : layouts) {
    FlatTensors tensors(layout, device);
    if (name == kModelGroup) Initialize(training.model.parameters(), training.seed, tensors);
    if (name == kBuffersGroup) Initialize(training.model.buffers(), training.seed, tensors);
    if (name == kCriterionGroup) Initialize(training.criterion.tensors(), training.seed, tensors);
    if (name == kAverageGroup) tensors = state.model().CopyTo(device);
    if (name == kAverageBuffersGroup) tensors = state.buffers()->CopyTo(device);
    state.groups.push_back({name, std::move(tensors)});
  }
  state.progress = FirstProgress(training);
  state.environment = CurrentEnvironment(device);
  return state;
} catch (const std::exception& exception) {
  return StatusFromException(exception);
}

absl::StatusOr<State> RestoreOrBegin(const Training& training, at::Device device) {
  if (training.snapshots == nullptr) return InitialState(training, device);
  RETURN_IF_ERROR(training.snapshots->RemoveStale());
  ASSIGN_OR_RETURN(std::optional<State> restored, training.snapshots->LoadLatest(device));
  if (!restored.has_value()) return InitialState(training, device);
  RETURN_IF_ERROR(CheckFits(training, LayoutsOf(*restored)));
  const Environment before = std::exchange(restored->environment, CurrentEnvironment(device));
  RETURN_IF_ERROR(CheckEnvironment(training.config, before, restored->environment));
  for (const auto& [name, old_value, new_value] : EnvironmentDifferences(before, restored->environment)) {
    LOG(WARNING) << "this training began with " << name << " " << old_value << " and goes on with " << new_value
                 << ": its result may differ in the last bits from one that did not change";
  }
  return *std::move(restored);
}

absl::StatusOr<StopReason> Fit(const Training& training, State& state) try {
  RETURN_IF_ERROR(CheckCanTrain(training));
  RETURN_IF_ERROR(CheckFits(training, LayoutsOf(state)));
  RETURN_IF_ERROR(CheckCounters(training.config, training.seed, state.progress));
  ASSIGN_OR_RETURN(const auto optimizer, BuildOptimizer(training.config.optimizer()));
  return Trainer(training, *optimizer, state).Train();
} catch (const std::exception& exception) {
  return StatusFromException(exception);
}

}  // namespace baton
