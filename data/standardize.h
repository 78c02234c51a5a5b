#ifndef BATON_DATA_STANDARDIZE_H_
#define BATON_DATA_STANDARDIZE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace baton {

// What a column looks like over some rows.
struct ColumnStatistics {
  double mean = 0;
  // The population's (divided by the number of rows, not by one less), as scikit-learn's StandardScaler has it. 1 for a
  // column that is constant, so that dividing by it changes nothing.
  double standard_deviation = 1;
  // Whether all values are equal, or differ by no more than the rounding of sums of them can. Dividing by such a
  // deviation would make anything else that the column holds elsewhere a huge number.
  bool constant = false;
  double minimum = 0;
  double maximum = 0;
};

// Of the values of the rows `rows` (at least one), which are finite: in two passes, in double, in the order of `rows`.
// DataLoss, naming the column, if they are so large that the sums overflow.
absl::StatusOr<ColumnStatistics> DescribeColumn(absl::string_view name, absl::Span<const double> values,
                                                absl::Span<const int64_t> rows);

// (value - mean) / standard_deviation, in double.
inline double Standardize(double value, const ColumnStatistics& statistics) {
  return (value - statistics.mean) / statistics.standard_deviation;
}

}  // namespace baton

#endif  // BATON_DATA_STANDARDIZE_H_
