#include "pipeline/plan/keys.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/fields.h"
#include "optim/schedule.h"
#include "training/goal.h"

namespace baton {
namespace {

std::optional<uint64_t> NumberOf(absl::string_view name, const std::vector<FieldValue>& inputs) {
  const std::string* const value = FindValue(inputs, name);
  uint64_t number;
  if (value == nullptr || !absl::SimpleAtoi(*value, &number)) return std::nullopt;
  return number;
}

// A raised goal is no other training, but every round ends at it.
void AddGoals(const PipelineConfig& config, KeyInputs& inputs) {
  const Goal goal(config.train());
  inputs.Add(kRoundsMaxStepsInput, absl::StrCat(goal.max_steps()));
  inputs.Add(kRoundsMaxEpochsInput, absl::StrCat(goal.max_epochs()));
}

}  // namespace

KeyInputs LoadKey(const PipelineConfig& config, absl::string_view raw_sha256) {
  KeyInputs inputs;
  inputs.Add("raw_file.sha256", raw_sha256);
  inputs.Add("seed", absl::StrCat(config.seed()));
  inputs.Add(FrozenFields(config.load(), "load"));
  inputs.Add("load.format_version", absl::StrCat(kLoadFormatVersion));
  return inputs;
}

KeyInputs TrainKey(const PipelineConfig& config, absl::string_view dataset_version,
                   const InitialWeights& initial_weights) {
  TrainConfig train = config.train();
  // The default, said or unsaid: one key.
  if (train.schedule().has_constant()) train.mutable_schedule()->clear_constant();
  KeyInputs inputs;
  inputs.Add(kDatasetInput, dataset_version);
  inputs.Add("seed", absl::StrCat(config.seed()));
  inputs.Add(FrozenFields(train, "train"));
  if (train.has_initial_weights()) {
    inputs.Add(kInitialWeightsInput, initial_weights.sha256());
    if (initial_weights.has_buffers_sha256()) inputs.Add(kInitialBuffersInput, initial_weights.buffers_sha256());
  }
  inputs.Add("train.format_version", absl::StrCat(kTrainFormatVersion));
  return inputs;
}

bool SameWeights(const InitialWeights& a, const InitialWeights& b) {
  return a.sha256() == b.sha256() && a.buffers_sha256() == b.buffers_sha256();
}

bool LeavesHorizonOpen(const TrainConfig& config) {
  return HasHorizon(config.schedule()) && !config.schedule().has_horizon_steps();
}

PipelineConfig WithHorizon(PipelineConfig config, uint64_t horizon_steps) {
  if (LeavesHorizonOpen(config.train())) {
    config.mutable_train()->mutable_schedule()->set_horizon_steps(horizon_steps);
  }
  return config;
}

KeyInputs EvaluateKey(const PipelineConfig& config, absl::string_view dataset_version, const TrainSection& train) {
  const SnapshotReference& snapshot = EvaluatedSnapshot(config, train);
  KeyInputs inputs;
  inputs.Add(kDatasetInput, dataset_version);
  inputs.Add("train.key", train.stage().key());
  inputs.Add("train.steps", absl::StrCat(train.steps_done()));
  inputs.Add("train.model", snapshot.model_sha256());
  if (snapshot.has_buffers_sha256()) inputs.Add("train.buffers", snapshot.buffers_sha256());
  inputs.Add(FrozenFields(config.train().model(), "train.model_config"));
  inputs.Add(FrozenFields(config.evaluate(), "evaluate"));
  if (config.evaluate().bias_variance().rounds() > 0) {
    inputs.Add("bias_variance.rounds_key", RoundsKey(config, dataset_version, train).Key());
    AddGoals(config, inputs);
  }
  inputs.Add("evaluate.format_version", absl::StrCat(kEvaluateFormatVersion));
  return inputs;
}

KeyInputs RoundsKey(const PipelineConfig& config, absl::string_view dataset_version, const TrainSection& train) {
  // A schedule that leaves its end open ends where the training's does.
  const std::optional<uint64_t> horizon = HorizonSteps(RecordedInputs(train.stage()));
  KeyInputs inputs = TrainKey(WithHorizon(config, horizon.value_or(0)), dataset_version, train.initial_weights());
  AddGoals(config, inputs);
  inputs.Add("evaluate.snapshot", EvaluateConfig::Snapshot_Name(config.evaluate().snapshot()));
  inputs.Add("evaluate.batch_size", absl::StrCat(config.evaluate().batch_size()));
  inputs.Add("rounds.format_version", absl::StrCat(kRoundsFormatVersion));
  return inputs;
}

const SnapshotReference& EvaluatedSnapshot(const PipelineConfig& config, const TrainSection& train) {
  const bool best = config.evaluate().snapshot() == EvaluateConfig::BEST && train.has_best_snapshot();
  return best ? train.best_snapshot() : train.last_snapshot();
}

std::vector<FieldValue> RecordedInputs(const StageRun& stage) {
  std::vector<FieldValue> inputs;
  for (const KeyInput& input : stage.key_inputs()) inputs.emplace_back(input.name(), input.value());
  return inputs;
}

std::optional<uint64_t> AmendedStep(const KeyInputs& train_inputs) {
  return NumberOf(kAmendedStepInput, train_inputs.values());
}

std::optional<uint64_t> HorizonSteps(const std::vector<FieldValue>& train_inputs) {
  return NumberOf(kHorizonInput, train_inputs);
}

}  // namespace baton
