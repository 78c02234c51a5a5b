#ifndef BATON_BASE_CONFIG_PROBLEMS_H_
#define BATON_BASE_CONFIG_PROBLEMS_H_

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace baton {

// What is wrong with a configuration, collected, so that all of it is told at once.
class ConfigProblems {
 public:
  // Notes a field whose value does not fit. Conditions are written so that NaN does not.
  template <typename T>
  void Expect(bool fits, absl::string_view field, const T& value, absl::string_view expected) {
    if (!fits) Add(absl::StrCat(field, " is ", value, "; expected ", expected));
  }

  void Add(std::string problem) { problems_.push_back(std::move(problem)); }

  // OK, or InvalidArgument.
  absl::Status ToStatus() const {
    if (problems_.empty()) return absl::OkStatus();
    if (problems_.size() == 1) return absl::InvalidArgumentError(problems_.front());
    return absl::InvalidArgumentError(
        absl::StrCat(problems_.size(), " fields cannot be used:\n  ", absl::StrJoin(problems_, "\n  ")));
  }

 private:
  std::vector<std::string> problems_;
};

inline bool IsAtLeast0(double value) { return value >= 0 && std::isfinite(value); }
inline bool IsAbove0(double value) { return value > 0 && std::isfinite(value); }
inline bool IsIn0ToBelow1(double value) { return value >= 0 && value < 1; }

}  // namespace baton

#endif  // BATON_BASE_CONFIG_PROBLEMS_H_
