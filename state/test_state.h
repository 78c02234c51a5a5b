#ifndef BATON_STATE_TEST_STATE_H_
#define BATON_STATE_TEST_STATE_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "state/state.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// Of TestState's tensors: four times the 8 parameters, and two class weights, of 4 bytes each.
inline constexpr uint64_t kTestStateTensorBytes = (4 * 8 + 2) * 4;

// For tests: a small State in the middle of an epoch with something in every field. No two tensors are equal; States of
// two steps differ in the first parameter and in the counters.
inline State TestState(uint64_t step) {
  const std::vector<ParameterSpec> parameters = {
      {.name = "layers.0.weight", .shape = {2, 3}, .weight_decay = true},
      {.name = "layers.0.bias", .shape = {2}},
  };
  const auto layout = std::make_shared<const FlatLayout>(parameters);
  const auto filled = [&](double first) {
    FlatTensors tensors(layout, at::kCPU);
    tensors.views()[0].copy_(at::arange(first, first + 6, at::kFloat).view({2, 3}));
    tensors.views()[1].copy_(at::arange(-first, -first + 2, at::kFloat));
    return tensors;
  };
  State state;
  state.model = filled(1);
  state.model.views()[0].mul_(static_cast<double>(step));
  state.ema = filled(30);
  state.criterion = {{"class_weights", at::tensor({1.0F, 2.5F})}};
  state.optimizer = {{"exp_avg", filled(10)}, {"exp_avg_sq", filled(20)}};

  TrainingProgress& progress = state.progress;
  progress.set_epoch_index(1);
  progress.set_train_batch_index(2);
  progress.set_step_index(step);
  progress.set_epoch_loss_sum(12.25);
  progress.set_epoch_weight_sum(64);
  EpochHistory& epoch = *progress.add_history();
  epoch.set_epoch_index(0);
  epoch.set_step_index(8);
  epoch.set_train_loss(0.75);
  epoch.set_validation_loss(0.5);
  (*epoch.mutable_validation_metrics())["accuracy"] = 0.875;
  progress.mutable_best()->set_epoch_index(0);
  progress.mutable_best()->set_step_index(step);
  progress.mutable_best()->set_validation_loss(0.5);
  progress.set_early_stopping_reference(0.5);
  progress.set_epochs_without_improvement(1);
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

}  // namespace baton

#endif  // BATON_STATE_TEST_STATE_H_
