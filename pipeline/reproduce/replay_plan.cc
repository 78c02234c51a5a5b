#include "pipeline/reproduce/replay_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/fields.h"
#include "base/key.h"
#include "base/status_macros.h"
#include "pipeline/plan/keys.h"
#include "pipeline/plan/train_goal.h"

namespace baton {
namespace {

// Inputs that are no fields of the configuration: digests of what a stage reads, versions, and what train says of the
// way that it took. What evaluate's inputs say of train follows from train's.
bool IsField(absl::string_view stage, absl::string_view name) {
  for (const absl::string_view input : {"raw_file.sha256", kDatasetInput, kInitialWeightsInput, kInitialBuffersInput,
                                        kAmendedFromInput, kAmendedStepInput}) {
    if (name == input) return false;
  }
  if (absl::EndsWith(name, ".format_version")) return false;
  return stage != "evaluate" || absl::StartsWith(name, "evaluate.");
}

absl::Status Apply(absl::string_view stage, const std::vector<FieldValue>& inputs, PipelineConfig& config) {
  for (const auto& [name, value] : inputs) {
    if (!IsField(stage, name)) continue;
    const absl::Status status = ApplyOverride(absl::StrCat(name, "=", value), config);
    if (!status.ok()) {
      return absl::FailedPreconditionError(absl::StrCat("the record has an input of ", stage,
                                                        " that this program cannot use: ", name, "=", value, " (",
                                                        status.message(), "); use the version of Baton that wrote it"));
    }
  }
  return absl::OkStatus();
}

// OK if the stage would have the recorded key.
absl::Status CheckKey(absl::string_view stage, const StageRun& recorded, const KeyInputs& inputs) {
  if (inputs.Key() == recorded.key()) return absl::OkStatus();
  const std::vector<std::string> changes = DescribeChanges(RecordedInputs(recorded), inputs.values());
  return absl::FailedPreconditionError(absl::StrCat(
      "from the record's inputs of ", stage, " this program computes the key ", inputs.Key(), ", and the record has ",
      recorded.key(), changes.empty() ? "" : absl::StrCat(": ", absl::StrJoin(changes, ", ")),
      "; use the version of Baton that wrote it"));
}

// The training under one key, as the record tells it.
struct TrainedKey {
  std::string key;
  std::vector<FieldValue> inputs;
  // The step at which training went on under this key, and what was changed then; 0 and empty for the first.
  uint64_t from_step = 0;
  std::vector<std::string> changed;
};

void SetInput(const std::string& name, const std::string& value, std::vector<FieldValue>& inputs) {
  std::erase_if(inputs, [&name](const FieldValue& input) { return input.first == name; });
  if (!value.empty()) inputs.emplace_back(name, value);
}

// The keys that training had on its way, first to last: what was amended is taken back from the last one on.
std::vector<TrainedKey> TrainedKeys(const Metadata& record) {
  std::vector<TrainedKey> keys = {{record.train().stage().key(), RecordedInputs(record.train().stage()), 0, {}}};
  std::set<std::string> seen = {keys.back().key};
  for (;;) {
    TrainedKey& later = keys.back();
    TrainedKey earlier = {"", later.inputs, 0, {}};
    SetInput(kAmendedFromInput, "", earlier.inputs);
    SetInput(kAmendedStepInput, "", earlier.inputs);
    for (const Amendment& amendment : record.run().amendments()) {
      if (amendment.stage() != "train" || amendment.to_key() != later.key) continue;
      earlier.key = amendment.from_key();
      later.from_step = amendment.step_index();
      if (std::count(later.changed.begin(), later.changed.end(), amendment.field()) == 0) {
        later.changed.push_back(amendment.field());
      }
      SetInput(amendment.field(), amendment.old_value(), earlier.inputs);
    }
    // What an amendment before this one said of itself follows from the record's list alone.
    if (earlier.key.empty() || !seen.insert(earlier.key).second) break;
    for (const Amendment& amendment : record.run().amendments()) {
      if (amendment.stage() != "train" || amendment.to_key() != earlier.key) continue;
      SetInput(kAmendedFromInput, amendment.from_key(), earlier.inputs);
      SetInput(kAmendedStepInput, absl::StrCat(amendment.step_index()), earlier.inputs);
    }
    keys.push_back(std::move(earlier));
  }
  std::reverse(keys.begin(), keys.end());
  return keys;
}

// What no result depends on, as this replay has it.
void SetFreeFields(const Metadata& record, const ReplayChoices& choices, PipelineConfig& config) {
  // The report shows the name.
  config.set_name(record.run().name());
  config.mutable_load()->set_raw_filepath(choices.raw_filepath);
  if (!record.train().stage().has_key()) return;
  config.mutable_train()->set_workers(choices.workers);
  // Where the last training ended: both goals are reached there, so neither ends it earlier.
  const Position position = RecordedPosition(record.train());
  config.mutable_train()->set_max_steps(position.steps);
  config.mutable_train()->clear_max_epochs();
  if (record.train().has_initial_weights()) {
    config.mutable_train()->mutable_initial_weights()->set_snapshot(choices.initial_weights);
  }
  const auto& attempts = record.train().stage().attempts();
  if (!attempts.empty()) config.mutable_train()->set_device(attempts.rbegin()->device());
}

// Every configuration names a model, also of a run in which none was trained: any that fits the task.
void ChooseSomeModel(PipelineConfig& config) {
  TrainConfig& train = *config.mutable_train();
  train.mutable_optimizer()->mutable_sgd();
  if (config.load().table().task() == TableConfig::CLASSIFICATION) {
    train.mutable_model()->mutable_logistic();
    train.mutable_criterion()->mutable_cross_entropy();
  } else {
    train.mutable_model()->mutable_linear();
    train.mutable_criterion()->mutable_mean_squared_error();
  }
}

// The call that trains under `trained`'s key until `stop_at_step`.
absl::StatusOr<TrainLeg> MakeLeg(const Metadata& record, const PipelineConfig& others, const TrainedKey& trained,
                                 uint64_t stop_at_step) {
  TrainLeg leg = {others, trained.key, stop_at_step, trained.changed};
  RETURN_IF_ERROR(Apply("train", trained.inputs, leg.config));
  InitialWeights weights;
  if (const std::string* digest = FindValue(trained.inputs, kInitialWeightsInput)) weights.set_sha256(*digest);
  if (const std::string* digest = FindValue(trained.inputs, kInitialBuffersInput)) weights.set_buffers_sha256(*digest);
  KeyInputs inputs = TrainKey(leg.config, record.load().dataset_version(), weights);
  StageRun recorded;
  recorded.set_key(trained.key);
  for (const auto& [name, value] : trained.inputs) {
    KeyInput& input = *recorded.add_key_inputs();
    input.set_name(name);
    input.set_value(value);
    // What an amendment says of itself is no field of the configuration.
    if (name == kAmendedFromInput || name == kAmendedStepInput) inputs.Add(name, value);
  }
  RETURN_IF_ERROR(CheckKey("train", recorded, inputs));
  return leg;
}

// The goals to which the rounds of the bias-variance decomposition were trained: the legs end where training ended.
void RestoreGoals(const std::vector<FieldValue>& evaluate_inputs, TrainConfig& train) {
  const auto number = [&](absl::string_view name) {
    const std::string* const value = FindValue(evaluate_inputs, name);
    uint64_t parsed = 0;
    return value != nullptr && absl::SimpleAtoi(*value, &parsed) ? parsed : 0;
  };
  const uint64_t max_steps = number(kRoundsMaxStepsInput), max_epochs = number(kRoundsMaxEpochsInput);
  if (max_steps == 0 && max_epochs == 0) return;
  train.clear_max_steps();
  train.clear_max_epochs();
  if (max_steps > 0) train.set_max_steps(max_steps);
  if (max_epochs > 0) train.set_max_epochs(max_epochs);
}

}  // namespace

absl::StatusOr<ReplayPlan> MakeReplayPlan(const Metadata& record, const ReplayChoices& choices) {
  ReplayPlan plan;
  RETURN_IF_ERROR(Apply("load", RecordedInputs(record.load().stage()), plan.config));
  SetFreeFields(record, choices, plan.config);
  RETURN_IF_ERROR(CheckKey("load", record.load().stage(), LoadKey(plan.config, record.load().raw_file_sha256())));
  if (!record.train().stage().has_key()) {
    ChooseSomeModel(plan.config);
    return plan;
  }
  plan.evaluate = record.evaluate().stage().has_key();
  if (plan.evaluate) RETURN_IF_ERROR(Apply("evaluate", RecordedInputs(record.evaluate().stage()), plan.config));
  const std::vector<TrainedKey> keys = TrainedKeys(record);
  for (size_t i = 0; i < keys.size(); ++i) {
    const uint64_t stop_at_step = i + 1 < keys.size() ? keys[i + 1].from_step : 0;
    ASSIGN_OR_RETURN(plan.legs.emplace_back(), MakeLeg(record, plan.config, keys[i], stop_at_step));
  }
  plan.config = plan.legs.back().config;
  if (!plan.evaluate) return plan;
  RestoreGoals(RecordedInputs(record.evaluate().stage()), *plan.config.mutable_train());
  RETURN_IF_ERROR(CheckKey("evaluate", record.evaluate().stage(),
                           EvaluateKey(plan.config, record.load().dataset_version(), record.train())));
  return plan;
}

}  // namespace baton
