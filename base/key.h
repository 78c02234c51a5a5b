#ifndef BATON_BASE_KEY_H_
#define BATON_BASE_KEY_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/fields.h"

namespace baton {

// What a stage's result depends on, as named values, and the key that names its outputs' folder. The key is the first
// 16 hexadecimal digits of the SHA-256 of the lines "name=value\n" in order, so that anybody can compute it again with
// sha256sum. No path, time or machine belongs in here. Values contain no line break (FrozenFields escapes them).
class KeyInputs {
 public:
  void Add(absl::string_view name, absl::string_view value);
  void Add(const std::vector<FieldValue>& values);

  const std::vector<FieldValue>& values() const { return values_; }
  std::string Key() const;

 private:
  std::vector<FieldValue> values_;
};

// The value of the first of this name; null if there is none.
const std::string* FindValue(const std::vector<FieldValue>& values, absl::string_view name);

// One line for each value that differs: "train.batch_size: 32 -> 64", "(not set)" for one that is on one side only.
std::vector<std::string> DescribeChanges(const std::vector<FieldValue>& old_values,
                                         const std::vector<FieldValue>& new_values);

}  // namespace baton

#endif  // BATON_BASE_KEY_H_
