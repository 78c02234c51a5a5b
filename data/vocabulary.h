#ifndef BATON_DATA_VOCABULARY_H_
#define BATON_DATA_VOCABULARY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baton {

// Class labels and their ids: distinct texts in UTF-8, sorted by their bytes; a label's id is its place, from 0. On
// disk it is a JSON array of strings. Thread-safe.
class Vocabulary {
 public:
  // InvalidArgument if `labels` are not distinct and sorted, or not UTF-8.
  static absl::StatusOr<Vocabulary> Create(std::vector<std::string> labels);
  // DataLoss if `json` is not what ToJson() writes; `name` is the file's, for the message.
  static absl::StatusOr<Vocabulary> FromJson(absl::string_view json, absl::string_view name);

  std::string ToJson() const;

  int64_t size() const { return static_cast<int64_t>(labels_.size()); }
  const std::vector<std::string>& labels() const { return labels_; }
  // The id of a label; absent for an unknown one.
  std::optional<int64_t> Id(absl::string_view label) const;

 private:
  explicit Vocabulary(std::vector<std::string> labels) : labels_(std::move(labels)) {}
  std::vector<std::string> labels_;
};

}  // namespace baton

#endif  // BATON_DATA_VOCABULARY_H_
