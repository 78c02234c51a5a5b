#ifndef BATON_BASE_STATUS_MACROS_H_
#define BATON_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the enclosing function, which returns absl::Status or absl::StatusOr, if `expression` is an error.
#define RETURN_IF_ERROR(expression)                \
  do {                                             \
    absl::Status baton_status_ = (expression);     \
    if (!baton_status_.ok()) return baton_status_; \
  } while (false)

// Evaluates `expression`, an absl::StatusOr<T>; returns its error or assigns its value: ASSIGN_OR_RETURN(auto x, F());
#define ASSIGN_OR_RETURN(left, expression) \
  BATON_ASSIGN_OR_RETURN_(BATON_CONCAT_(baton_status_or_, __LINE__), left, expression)

#define BATON_CONCAT_INNER_(a, b) a##b
#define BATON_CONCAT_(a, b) BATON_CONCAT_INNER_(a, b)
#define BATON_ASSIGN_OR_RETURN_(status_or, left, expression) \
  auto status_or = (expression);                             \
  if (!status_or.ok()) return std::move(status_or).status(); \
  left = *std::move(status_or)

#endif  // BATON_BASE_STATUS_MACROS_H_
