#include "data/standardize.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace baton {

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
  // Values so near each other that their squares underflow.
  if (statistics.standard_deviation == 0) statistics.standard_deviation = 1;
  return statistics;
}

}  // namespace baton
