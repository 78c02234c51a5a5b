#include "data/vocabulary.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/utf8.h"

namespace baton {

absl::StatusOr<Vocabulary> Vocabulary::Create(std::vector<std::string> labels) {
  for (size_t i = 0; i < labels.size(); ++i) {
    if (!IsUtf8(labels[i])) return absl::InvalidArgumentError(absl::StrCat("label ", i, " is not UTF-8"));
    if (i > 0 && labels[i - 1] >= labels[i]) {
      return absl::InvalidArgumentError(
          absl::StrCat("label ", i, ", \"", labels[i], "\", does not come after \"", labels[i - 1], "\""));
    }
  }
  return Vocabulary(std::move(labels));
}

absl::StatusOr<Vocabulary> Vocabulary::FromJson(absl::string_view json, absl::string_view name) {
  const nlohmann::json parsed = nlohmann::json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_array()) {
    return absl::DataLossError(absl::StrCat(name, ": not a vocabulary, expected a JSON array of strings"));
  }
  std::vector<std::string> labels;
  for (const nlohmann::json& label : parsed) {
    if (!label.is_string()) {
      return absl::DataLossError(absl::StrCat(name, ": element ", labels.size(), " is no string"));
    }
    labels.push_back(label.get<std::string>());
  }
  absl::StatusOr<Vocabulary> vocabulary = Create(std::move(labels));
  if (!vocabulary.ok()) return absl::DataLossError(absl::StrCat(name, ": ", vocabulary.status().message()));
  return vocabulary;
}

std::string Vocabulary::ToJson() const { return absl::StrCat(nlohmann::json(labels_).dump(), "\n"); }

std::optional<int64_t> Vocabulary::Id(absl::string_view label) const {
  const auto place = std::lower_bound(labels_.begin(), labels_.end(), label);
  if (place == labels_.end() || *place != label) return std::nullopt;
  return place - labels_.begin();
}

}  // namespace baton
