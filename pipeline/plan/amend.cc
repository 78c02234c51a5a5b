#include "pipeline/plan/amend.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/fields.h"
#include "base/status_macros.h"
#include "pipeline/config/config.pb.h"
#include "pipeline/plan/keys.h"

namespace baton {
namespace {

// What the recorded training was begun with, but for what an amendment before said of itself.
std::vector<FieldValue> ValuesOf(const StageRun& recorded) {
  std::vector<FieldValue> values = RecordedInputs(recorded);
  std::erase_if(values, [](const FieldValue& value) { return IsAmendmentInput(value.first); });
  return values;
}

// `inputs`, with the schedule's end where it was.
std::vector<FieldValue> NewValues(const std::vector<FieldValue>& old_values, const KeyInputs& inputs,
                                  const std::vector<std::string>& allowed) {
  std::vector<FieldValue> values = inputs.values();
  for (auto& [name, value] : values) {
    const std::string* old_value = FindValue(old_values, name);
    if (name == kHorizonInput && old_value != nullptr && !IsNamed(name, allowed)) value = *old_value;
  }
  return values;
}

absl::Status CheckName(const std::string& path) {
  if (path == kHorizonInput || path == kDatasetInput || path == kInitialWeightsInput) return absl::OkStatus();
  const absl::Status known = CheckFieldPath(path, PipelineConfig::descriptor());
  if (known.ok()) return known;
  return absl::InvalidArgumentError(
      absl::StrCat("--allow_changes=", path, " names no field of the configuration: ", known.message()));
}

}  // namespace

std::vector<InputChange> TrainingChanges(const StageRun& recorded, const KeyInputs& inputs,
                                         const std::vector<std::string>& allowed) {
  const std::vector<FieldValue> old_values = ValuesOf(recorded);
  const std::vector<FieldValue> new_values = NewValues(old_values, inputs, allowed);
  std::vector<InputChange> changes;
  for (const auto& [name, old_value] : old_values) {
    const std::string* new_value = FindValue(new_values, name);
    if (new_value == nullptr || *new_value != old_value)
      changes.push_back({name, old_value, new_value ? *new_value : ""});
  }
  for (const auto& [name, new_value] : new_values) {
    if (FindValue(old_values, name) == nullptr) changes.push_back({name, "", new_value});
  }
  return changes;
}

bool CanBeAllowed(const InputChange& change) { return !IsNamed(change.name, {"train.initial_weights"}); }

absl::Status CheckAllowed(const std::vector<InputChange>& changes, const std::vector<std::string>& allowed) {
  std::vector<std::string> lines, names;
  for (const InputChange& change : changes) {
    const auto shown = [](const std::string& value) { return value.empty() ? "(not set)" : value; };
    const std::string line =
        absl::StrCat("\n  ", change.name, ": ", shown(change.old_value), " -> ", shown(change.new_value));
    if (!CanBeAllowed(change)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the weights with which training begins cannot change after its first step:", line,
                       "\nPut them back, or begin anew: --start_over instead of --allow_changes"));
    }
    if (IsNamed(change.name, allowed)) continue;
    lines.push_back(line);
    names.push_back(change.name);
  }
  if (lines.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "train goes on with what --allow_changes names and nothing else, but this changed as well:",
      absl::StrJoin(lines, ""), "\nPut it back, or allow it too: --allow_changes=", absl::StrJoin(allowed, ","), ",",
      absl::StrJoin(names, ",")));
}

absl::Status CheckAllowedNames(const std::vector<std::string>& allowed) {
  for (const std::string& path : allowed) RETURN_IF_ERROR(CheckName(path));
  return absl::OkStatus();
}

KeyInputs AmendedInputs(const StageRun& recorded, const KeyInputs& inputs, const std::vector<std::string>& allowed,
                        uint64_t step) {
  KeyInputs amended;
  amended.Add(NewValues(ValuesOf(recorded), inputs, allowed));
  amended.Add(kAmendedFromInput, recorded.key());
  amended.Add(kAmendedStepInput, absl::StrCat(step));
  return amended;
}

std::vector<Amendment> MakeAmendments(const std::vector<InputChange>& changes, const StageRun& recorded,
                                      const KeyInputs& amended, uint64_t step) {
  std::vector<Amendment> amendments;
  for (const InputChange& change : changes) {
    Amendment& amendment = amendments.emplace_back();
    amendment.set_field(change.name);
    amendment.set_old_value(change.old_value);
    amendment.set_new_value(change.new_value);
    amendment.set_step_index(step);
    amendment.set_from_key(recorded.key());
    amendment.set_to_key(amended.Key());
  }
  return amendments;
}

}  // namespace baton
