#ifndef BATON_BASE_TESTING_STATUS_MATCHERS_H_
#define BATON_BASE_TESTING_STATUS_MATCHERS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {

inline const absl::Status& GetStatus(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& GetStatus(const absl::StatusOr<T>& status_or) {
  return status_or.status();
}

// EXPECT_THAT(Write(...), IsOk());
MATCHER(IsOk, "is OK") {
  *result_listener << GetStatus(arg).ToString();
  return GetStatus(arg).ok();
}

// EXPECT_THAT(Read(...), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("tensor 'a'")));
MATCHER_P2(StatusIs, code, message, "") {
  *result_listener << GetStatus(arg).ToString();
  return GetStatus(arg).code() == code &&
         testing::SafeMatcherCast<const std::string&>(message).Matches(std::string(GetStatus(arg).message()));
}

// ASSERT_OK_AND_ASSIGN(auto x, F());
#define ASSERT_OK_AND_ASSIGN(left, expression) \
  BATON_ASSERT_OK_AND_ASSIGN_(BATON_MATCHERS_CONCAT_(baton_status_or_, __LINE__), left, expression)
#define BATON_MATCHERS_CONCAT_INNER_(a, b) a##b
#define BATON_MATCHERS_CONCAT_(a, b) BATON_MATCHERS_CONCAT_INNER_(a, b)
#define BATON_ASSERT_OK_AND_ASSIGN_(status_or, left, expression) \
  auto status_or = (expression);                                 \
  ASSERT_TRUE(status_or.ok()) << status_or.status();             \
  left = *std::move(status_or)

}  // namespace baton

#endif  // BATON_BASE_TESTING_STATUS_MATCHERS_H_
