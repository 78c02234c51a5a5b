#ifndef BATON_STATE_TEST_STATE_H_
#define BATON_STATE_TEST_STATE_H_

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "state/state.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// Of TestState's tensors: four times the 8 parameters, twice 3 values of buffers, and two class weights, of 4 bytes
// each.
inline constexpr uint64_t kTestStateTensorBytes = (4 * 8 + 2 * 3 + 2) * 4;

// For tests: a small State in the middle of an epoch with a group of every kind and something in every field. No two
// tensors are equal; States of two steps differ in the first parameter and in the counters.
inline State TestState(uint64_t step) {
  const auto layout = FlatLayout::Create({{.name = "layers.0.weight", .shape = {2, 3}, .weight_decay = true},
                                          {.name = "layers.0.bias", .shape = {2}}})
                          .value();
  const auto filled = [&](double first) {
    FlatTensors tensors(layout, at::kCPU);
    tensors.views()[0].copy_(at::arange(first, first + 6, at::kFloat).view({2, 3}));
    tensors.views()[1].copy_(at::arange(-first, -first + 2, at::kFloat));
    return tensors;
  };
  const auto buffers_layout = FlatLayout::Create({{.name = "layers.0.running_mean", .shape = {3}}}).value();
  const auto buffers = [&](double first) {
    FlatTensors tensors(buffers_layout, at::kCPU);
    tensors.views()[0].copy_(at::arange(first, first + 3, at::kFloat));
    return tensors;
  };
  State state;
  state.groups = {{kModelGroup, filled(1)},
                  {kBuffersGroup, buffers(50)},
                  {kAverageGroup, filled(30)},
                  {kAverageBuffersGroup, buffers(60)},
                  {kCriterionGroup, Flatten({{"class_weights", at::tensor({1.0F, 2.5F})}}).value()},
                  {"optimizer/exp_avg", filled(10)},
                  {"optimizer/exp_avg_sq", filled(20)}};
  state.model().views()[0].mul_(static_cast<double>(step));

  Measurement measurement;
  measurement.set_step_index(8);
  measurement.set_epoch_index(1);
  measurement.set_examples(250);
  measurement.set_train_loss(0.75);
  measurement.set_learning_rate(0.125);
  measurement.set_validation_loss(0.5);
  (*measurement.mutable_validation_metrics())["accuracy"] = 0.875;
  state.history.Add(measurement);

  TrainingProgress& progress = state.progress;
  progress.set_epoch_index(1);
  progress.set_train_batch_index(2);
  progress.set_step_index(step);
  progress.set_examples(314);
  progress.set_epoch_examples(64);
  progress.set_loss_sum(12.25);
  progress.set_weight_sum(64);
  progress.mutable_best()->set_epoch_index(1);
  progress.mutable_best()->set_step_index(step);
  progress.mutable_best()->set_validation_loss(0.5);
  progress.set_early_stopping_reference(0.5);
  progress.set_validations_without_improvement(1);
  progress.set_schedule_horizon_steps(80);
  progress.set_train_key("0123456789abcdef");
  progress.set_micro_batches(4);
  progress.set_threads_per_worker(1);
  state.environment.set_device("cpu");
  state.environment.set_cpu_model("a CPU");
  state.environment.set_libtorch_version("2.13.0");
  state.environment.set_program_version("0.1.0");

  state.vocabulary = "[\"no\", \"yes\"]\n";
  state.tokenizer = "{}\n";
  state.attachments["pipeline.textproto"] = "seed: 1\n";
  return state;
}

// The tensors of a group, which is there.
inline const FlatTensors& Group(const State& state, absl::string_view name) { return *state.Find(name); }

inline void RemoveGroup(State& state, absl::string_view name) {
  std::erase_if(state.groups, [name](const TensorGroup& group) { return group.name == name; });
}

// Changes the measurement `i` of a history, which those that share it do not see.
inline void EditMeasurement(State& state, size_t i, const std::function<void(Measurement&)>& edit) {
  History edited;
  for (size_t j = 0; j < state.history.size(); ++j) {
    Measurement measurement = state.history[j];
    if (i == j) edit(measurement);
    edited.Add(std::move(measurement));
  }
  state.history = std::move(edited);
}

}  // namespace baton

#endif  // BATON_STATE_TEST_STATE_H_
