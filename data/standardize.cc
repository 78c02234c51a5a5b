#include "data/standardize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

// scikit-learn's bound: variance <= n eps variance + (n eps mean)^2, written so that nothing overflows. Values so near
// each other that their squares underflow are below it too.
bool IsRounding(double standard_deviation, double mean, double count) {
  const double relative = count * std::numeric_limits<double>::epsilon();
  return standard_deviation * std::sqrt(std::max(0.0, 1 - relative)) <= relative * std::abs(mean);
}

}  // namespace

absl::StatusOr<ColumnStatistics> DescribeColumn(absl::string_view name, absl::Span<const double> values,
                                                absl::Span<const int64_t> rows) {
  ColumnStatistics statistics;
  statistics.minimum = statistics.maximum = values[rows[0]];
  double sum = 0;
  for (const int64_t row : rows) {
    sum += values[row];
    statistics.minimum = std::min(statistics.minimum, values[row]);
    statistics.maximum = std::max(statistics.maximum, values[row]);
  }
  // Not left to the sums: of equal values these may round to another mean, and to a deviation that is not zero.
  if (statistics.minimum == statistics.maximum) {
    statistics.mean = statistics.minimum;
    statistics.constant = true;
    return statistics;
  }
  const double count = static_cast<double>(rows.size());
  statistics.mean = sum / count;
  double squares = 0;
  for (const int64_t row : rows) squares += (values[row] - statistics.mean) * (values[row] - statistics.mean);
  statistics.standard_deviation = std::sqrt(squares / count);
  if (!std::isfinite(statistics.mean) || !std::isfinite(statistics.standard_deviation)) {
    return absl::DataLossError(absl::StrCat("column \"", name, "\": found values from ", statistics.minimum, " to ",
                                            statistics.maximum, ", which are too large to add up"));
  }
  if (IsRounding(statistics.standard_deviation, statistics.mean, count)) {
    statistics.standard_deviation = 1;
    statistics.constant = true;
  }
  return statistics;
}

}  // namespace baton
