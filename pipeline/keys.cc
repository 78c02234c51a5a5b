#include "pipeline/keys.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/fields.h"
#include "optim/schedule.h"

namespace baton {
namespace {

constexpr absl::string_view kHorizonInput = "train.schedule_horizon_epochs";

}  // namespace

KeyInputs LoadKey(const PipelineConfig& config, absl::string_view raw_sha256) {
  KeyInputs inputs;
  inputs.Add("raw_file.sha256", raw_sha256);
  inputs.Add("seed", absl::StrCat(config.seed()));
  inputs.Add(FrozenFields(config.load(), "load"));
  inputs.Add("load.format_version", absl::StrCat(kLoadFormatVersion));
  return inputs;
}

KeyInputs TrainKey(const PipelineConfig& config, const LoadSection& load, const TrainSection& recorded) {
  TrainConfig train = config.train();
  // The default, said or unsaid: one key.
  if (train.schedule().has_constant()) train.mutable_schedule()->clear_constant();
  const auto with_horizon = [&](absl::string_view epochs) {
    KeyInputs inputs;
    inputs.Add("load.dataset", load.dataset_version());
    inputs.Add("seed", absl::StrCat(config.seed()));
    inputs.Add(FrozenFields(train, "train"));
    if (!epochs.empty()) inputs.Add(kHorizonInput, epochs);
    inputs.Add("train.format_version", absl::StrCat(kTrainFormatVersion));
    return inputs;
  };
  const ScheduleConfig& schedule = config.train().schedule();
  if (!HasHorizon(schedule) || schedule.has_horizon_steps()) return with_horizon("");
  for (const KeyInput& input : recorded.stage().key_inputs()) {
    if (input.name() != kHorizonInput) continue;
    const KeyInputs inputs = with_horizon(input.value());
    if (inputs.Key() == recorded.stage().key()) return inputs;
  }
  return with_horizon(absl::StrCat(config.train().max_epochs()));
}

std::optional<uint64_t> ScheduleHorizonEpochs(const KeyInputs& train_inputs) {
  for (const auto& [name, value] : train_inputs.values()) {
    uint64_t epochs;
    if (name == kHorizonInput && absl::SimpleAtoi(value, &epochs)) return epochs;
  }
  return std::nullopt;
}

std::vector<FieldValue> RecordedInputs(const StageRun& stage) {
  std::vector<FieldValue> inputs;
  for (const KeyInput& input : stage.key_inputs()) inputs.emplace_back(input.name(), input.value());
  return inputs;
}

const SnapshotReference& EvaluatedSnapshot(const PipelineConfig& config, const TrainSection& train) {
  const bool best = config.evaluate().snapshot() == EvaluateConfig::BEST && train.has_best_snapshot();
  return best ? train.best_snapshot() : train.last_snapshot();
}

KeyInputs EvaluateKey(const PipelineConfig& config, const TrainSection& train, const LoadSection& load) {
  KeyInputs inputs;
  inputs.Add("load.dataset", load.dataset_version());
  inputs.Add("train.model", EvaluatedSnapshot(config, train).model_sha256());
  inputs.Add(FrozenFields(config.train().model(), "train.model_config"));
  inputs.Add(FrozenFields(config.evaluate(), "evaluate"));
  inputs.Add("evaluate.format_version", absl::StrCat(kEvaluateFormatVersion));
  return inputs;
}

}  // namespace baton
