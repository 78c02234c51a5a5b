#ifndef BATON_DATA_SPLIT_H_
#define BATON_DATA_SPLIT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "data/config.pb.h"
#include "data/table.h"

namespace baton {

// Which rows of a table (from 0) form which split. Disjoint; each row is in one.
struct SplitRows {
  std::vector<int64_t> train;
  std::vector<int64_t> validation;
  std::vector<int64_t> holdout;
};

// Each row's rank: XXH3-64, with seed MixSeed(seed, "split"), of the row's content: the features as little-endian
// doubles (negative zero as zero), then the label's bytes or the target as a double. So neither the order of the rows
// in the file nor how their numbers are written plays a part.
std::vector<uint64_t> RowRanks(const Table& table, uint64_t seed);

// Splits each class by itself (a regression is one class), so that proportions hold. Of a class's n rows in the order
// of their ranks, the first round(n * holdout_fraction) are the holdout, the next round(n * validation_fraction)
// validation, the others train, of which there is at least one. The holdout thus does not depend on the validation
// fraction. Rows of equal rank, which are equal rows, stay together: a boundary between them moves to the nearer end of
// their run.
//
// Each split's rows come in the order of their ranks over all classes. InvalidArgument if the holdout, or a validation
// split of more than nothing, stays empty.
absl::StatusOr<SplitRows> SplitTable(const Table& table, const SplitConfig& config, uint64_t seed);

}  // namespace baton

#endif  // BATON_DATA_SPLIT_H_
