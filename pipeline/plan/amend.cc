#include "pipeline/plan/amend.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/fields.h"
#include "base/status_macros.h"
#include "pipeline/config/config.pb.h"
#include "pipeline/plan/keys.h"

namespace baton {
namespace {

// Whether `names` has an input's name, or the beginning of it up to a dot: "train.schedule" names all below it.
bool IsNamed(absl::string_view input, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [input](const std::string& name) {
    return input == name || absl::StartsWith(input, absl::StrCat(name, "."));
  });
}

bool CanBeAllowed(const InputChange& change) {
  static const auto& fixed = *new std::vector<std::string>{"load",
                                                           "seed",
                                                           "train.model",
                                                           "train.criterion",
                                                           "train.selection_metric",
                                                           "train.initial_weights",
                                                           "train.format_version"};
  return !IsNamed(change.name, fixed);
}

std::string Line(const InputChange& change) {
  return absl::StrCat("\n  ", change.name, ": ", ShownValue(change.name, change.old_value), " -> ",
                      ShownValue(change.name, change.new_value));
}

absl::Status CheckName(const std::string& path) {
  const absl::Status known = CheckFieldPath(path, PipelineConfig::descriptor());
  if (known.ok()) return known;
  return absl::InvalidArgumentError(
      absl::StrCat("--allow_changes=", path, " names no field of the configuration: ", known.message()));
}

}  // namespace

std::vector<InputChange> ChangesSince(const StageRun& recorded, const KeyInputs& inputs) {
  std::vector<FieldValue> old_values = RecordedInputs(recorded);
  std::erase_if(old_values, [](const FieldValue& value) {
    return value.first == kAmendedFromInput || value.first == kAmendedStepInput;
  });
  std::vector<InputChange> changes;
  for (const auto& [name, old_value] : old_values) {
    const std::string* new_value = FindValue(inputs.values(), name);
    if (new_value == nullptr || *new_value != old_value) {
      changes.push_back({name, old_value, new_value != nullptr ? *new_value : ""});
    }
  }
  for (const auto& [name, new_value] : inputs.values()) {
    if (FindValue(old_values, name) == nullptr) changes.push_back({name, "", new_value});
  }
  return changes;
}

std::string ShownValue(const std::string& name, const std::string& value) {
  if (!value.empty()) return value;
  const std::string otherwise = DefaultOf(name, PipelineConfig::descriptor());
  return otherwise.empty() ? "(not set)" : absl::StrCat(otherwise, " (the default)");
}

std::string ChangeLines(const std::vector<InputChange>& changes) {
  std::string lines;
  for (const InputChange& change : changes) lines += Line(change);
  return lines;
}

bool CanBeAllowed(const std::vector<InputChange>& changes) {
  return std::all_of(changes.begin(), changes.end(), [](const InputChange& change) { return CanBeAllowed(change); });
}

absl::Status CheckAllowed(const std::vector<InputChange>& changes, const std::vector<std::string>& allowed) {
  std::vector<InputChange> others;
  std::vector<std::string> names;
  for (const InputChange& change : changes) {
    if (!CanBeAllowed(change)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "this cannot change after the first step of a training:", Line(change),
          "\nPut it back, or begin another training: --start_over instead of --allow_changes, with "
          "train.initial_weights.snapshot if it is to begin with the weights of this one (docs/fine_tuning.md)"));
    }
    if (IsNamed(change.name, allowed)) continue;
    others.push_back(change);
    names.push_back(change.name);
  }
  if (others.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "train goes on with what --allow_changes names and nothing else, but this changed as well:", ChangeLines(others),
      "\nPut it back, or allow it too: --allow_changes=", absl::StrJoin(allowed, ","), ",", absl::StrJoin(names, ",")));
}

absl::Status CheckAllowedNames(const std::vector<std::string>& allowed) {
  for (const std::string& path : allowed) RETURN_IF_ERROR(CheckName(path));
  return absl::OkStatus();
}

KeyInputs AmendedKey(const KeyInputs& inputs, const StageRun& recorded, uint64_t step) {
  KeyInputs amended = inputs;
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
