#include "base/key.h"

#include "absl/strings/str_cat.h"
#include "base/digest.h"

namespace baton {

const std::string* FindValue(const std::vector<FieldValue>& values, absl::string_view name) {
  for (const FieldValue& value : values) {
    if (value.first == name) return &value.second;
  }
  return nullptr;
}

void KeyInputs::Add(absl::string_view name, absl::string_view value) { values_.emplace_back(name, value); }

void KeyInputs::Add(const std::vector<FieldValue>& values) {
  values_.insert(values_.end(), values.begin(), values.end());
}

std::string KeyInputs::Key() const {
  std::string lines;
  for (const auto& [name, value] : values_) absl::StrAppend(&lines, name, "=", value, "\n");
  return Sha256Hex(lines).substr(0, 16);
}

std::vector<std::string> DescribeChanges(const std::vector<FieldValue>& old_values,
                                         const std::vector<FieldValue>& new_values) {
  std::vector<std::string> result;
  for (const auto& [name, old_value] : old_values) {
    const std::string* new_value = FindValue(new_values, name);
    if (new_value != nullptr && *new_value == old_value) continue;
    result.push_back(absl::StrCat(name, ": ", old_value, " -> ", new_value == nullptr ? "(not set)" : *new_value));
  }
  for (const auto& [name, new_value] : new_values) {
    if (FindValue(old_values, name) == nullptr) result.push_back(absl::StrCat(name, ": (not set) -> ", new_value));
  }
  return result;
}

}  // namespace baton
