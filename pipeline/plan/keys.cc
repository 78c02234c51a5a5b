#include "pipeline/plan/keys.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/fields.h"
#include "optim/schedule.h"

namespace baton {
namespace {

std::optional<uint64_t> NumberOf(absl::string_view name, const KeyInputs& inputs) {
  const std::string* const value = FindValue(inputs.values(), name);
  uint64_t number;
  if (value == nullptr || !absl::SimpleAtoi(*value, &number)) return std::nullopt;
  return number;
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

KeyInputs TrainKey(const PipelineConfig& config, const LoadSection& load, const TrainSection& recorded,
                   absl::string_view initial_weights_sha256, const std::vector<std::string>& allow_changes) {
  TrainConfig train = config.train();
  // The default, said or unsaid: one key.
  if (train.schedule().has_constant()) train.mutable_schedule()->clear_constant();
  const auto with_horizon = [&](absl::string_view epochs) {
    KeyInputs inputs;
    inputs.Add(kDatasetInput, load.dataset_version());
    inputs.Add("seed", absl::StrCat(config.seed()));
    inputs.Add(FrozenFields(train, "train"));
    if (train.has_initial_weights()) inputs.Add(kInitialWeightsInput, initial_weights_sha256);
    if (!epochs.empty()) inputs.Add(kHorizonInput, epochs);
    inputs.Add("train.format_version", absl::StrCat(kTrainFormatVersion));
    return inputs;
  };
  // If nothing changed, then what was fixed when training started or went on still is.
  const ScheduleConfig& schedule = config.train().schedule();
  const bool fixes_horizon = HasHorizon(schedule) && !schedule.has_horizon_steps();
  const std::string wanted = fixes_horizon ? absl::StrCat(config.train().max_epochs()) : "";
  std::string horizon = wanted;
  std::vector<FieldValue> amendment;
  for (const auto& [name, value] : RecordedInputs(recorded.stage())) {
    if (name == kHorizonInput && fixes_horizon && !IsNamed(name, allow_changes)) horizon = value;
    if (IsAmendmentInput(name)) amendment.emplace_back(name, value);
  }
  KeyInputs unchanged = with_horizon(horizon);
  unchanged.Add(amendment);
  if (unchanged.Key() == recorded.stage().key()) return unchanged;
  return with_horizon(wanted);
}

bool IsAmendmentInput(absl::string_view name) { return name == kAmendedFromInput || name == kAmendedStepInput; }

std::optional<uint64_t> AmendedStep(const KeyInputs& train_inputs) { return NumberOf(kAmendedStepInput, train_inputs); }

bool IsNamed(absl::string_view input, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [input](const std::string& name) {
    return input == name || absl::StartsWith(input, absl::StrCat(name, "."));
  });
}

std::optional<uint64_t> ScheduleHorizonEpochs(const KeyInputs& train_inputs) {
  return NumberOf(kHorizonInput, train_inputs);
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
  inputs.Add(kDatasetInput, load.dataset_version());
  inputs.Add("train.model", EvaluatedSnapshot(config, train).model_sha256());
  inputs.Add(FrozenFields(config.train().model(), "train.model_config"));
  inputs.Add(FrozenFields(config.evaluate(), "evaluate"));
  inputs.Add("evaluate.format_version", absl::StrCat(kEvaluateFormatVersion));
  return inputs;
}

}  // namespace baton
