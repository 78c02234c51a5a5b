#include "metadata/field_change.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

using Topic = FieldChange::Topic;

constexpr size_t kLongestText = 100;

std::string Cut(const std::string& text) {
  if (text.size() <= kLongestText) return text;
  size_t end = kLongestText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // not within a character
  return absl::StrCat(text.substr(0, end), "...");
}

}  // namespace

FieldChange::Topic TopicOf(const std::vector<std::string>& names) {
  static const auto* const kVersions = new std::set<std::string>{
      "dataset_version", "model_version",  "program_version",   "program_sha256", "libraries",
      "device",          "cpu_model",      "gpu_model",         "workers",        "cpu_capability",
      "deviations",      "format_version", "threads_per_worker"};
  static const auto* const kInputs =
      new std::set<std::string>{"key_inputs",       "key",    "raw_file_size", "raw_file_format", "raw_file_sha256",
                                "raw_dvc_metadata", "parent", "amendments"};
  static const auto* const kCircumstances = new std::set<std::string>{
      "run_id",    "name",         "start_time",   "end_time",     "time_taken",          "memory_usage",
      "gpu_usage", "raw_filepath", "committed_at", "committed_by", "examples_per_second", "attempts"};
  const auto any = [&](const std::set<std::string>& known) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return known.count(name) > 0; });
  };
  if (any(*kVersions)) return Topic::kVersions;
  if (any(*kInputs)) return Topic::kInputs;
  return any(*kCircumstances) ? Topic::kCircumstances : Topic::kResults;
}

std::string ChangeText(const FieldChange& change) {
  return absl::StrCat(change.before ? Cut(*change.before) : "(not set)", " -> ",
                      change.after ? Cut(*change.after) : "(not set)");
}

std::string TopicName(Topic topic) {
  switch (topic) {
    case Topic::kInputs:
      return "inputs";
    case Topic::kVersions:
      return "versions";
    case Topic::kResults:
      return "results";
    case Topic::kCircumstances:
      return "circumstances";
  }
  return "unknown";
}

}  // namespace baton
