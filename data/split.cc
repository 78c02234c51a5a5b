#include "data/split.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/random.h"

namespace baton {
namespace {

void AppendNumber(double value, std::string& content) {
  if (value == 0) value = 0;  // negative zero is the same number
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  content.append(bytes, sizeof value);
}

// The rows of each class in the order of their ranks; equal ranks in the file's order.
std::vector<std::vector<int64_t>> RankedClasses(const Table& table, const std::vector<uint64_t>& ranks) {
  std::vector<int64_t> rows(table.rows);
  std::iota(rows.begin(), rows.end(), 0);
  std::stable_sort(rows.begin(), rows.end(), [&ranks](int64_t a, int64_t b) { return ranks[a] < ranks[b]; });
  std::vector<std::vector<int64_t>> classes(std::max<size_t>(table.labels.size(), 1));
  for (const int64_t row : rows) classes[table.labels.empty() ? 0 : table.label_ids[row]].push_back(row);
  return classes;
}

// round(n * fraction), but at most `limit`.
int64_t Share(int64_t n, double fraction, int64_t limit) {
  return std::min<int64_t>(std::llround(static_cast<double>(n) * fraction), limit);
}

// `boundary`, or the nearer end of the run of equal ranks around it; never the end of all.
int64_t OutsideOfRuns(int64_t boundary, const std::vector<int64_t>& rows, const std::vector<uint64_t>& ranks) {
  const int64_t size = static_cast<int64_t>(rows.size());
  const auto joins = [&](int64_t i) { return i > 0 && i < size && ranks[rows[i - 1]] == ranks[rows[i]]; };
  int64_t begin = boundary, end = boundary;
  while (joins(begin)) --begin;
  while (joins(end)) ++end;
  return end == size || boundary - begin <= end - boundary ? begin : end;
}

void Append(const std::vector<int64_t>& from, int64_t begin, int64_t end, std::vector<int64_t>& to) {
  to.insert(to.end(), from.begin() + begin, from.begin() + end);
}

absl::Status Empty(absl::string_view split, double fraction, const Table& table) {
  return absl::InvalidArgumentError(
      absl::StrCat("load.split.", split, "_fraction is ", fraction, ", which of ", table.rows, " rows in ",
                   std::max<size_t>(table.labels.size(), 1),
                   " classes (each rounded by itself, equal rows kept together) leaves none ", "for the ", split,
                   " split; raise it or load more rows"));
}

}  // namespace

std::vector<uint64_t> RowRanks(const Table& table, uint64_t seed) {
  const uint64_t split_seed = MixSeed(seed, "split");
  std::vector<uint64_t> ranks(table.rows);
  std::string content;
  for (int64_t row = 0; row < table.rows; ++row) {
    content.clear();
    for (const Table::Feature& feature : table.features) AppendNumber(feature.values[row], content);
    if (table.labels.empty()) {
      AppendNumber(table.targets[row], content);
    } else {
      content += table.labels[table.label_ids[row]];
    }
    ranks[row] = XXH3_64bits_withSeed(content.data(), content.size(), split_seed);
  }
  return ranks;
}

absl::StatusOr<SplitRows> SplitTable(const Table& table, const SplitConfig& config, uint64_t seed) {
  const std::vector<uint64_t> ranks = RowRanks(table, seed);
  SplitRows split;
  for (const std::vector<int64_t>& rows : RankedClasses(table, ranks)) {
    const int64_t size = static_cast<int64_t>(rows.size());
    if (size == 0) continue;
    const int64_t holdout = Share(size, config.holdout_fraction(), size - 1);
    const int64_t validation = Share(size, config.validation_fraction(), size - 1 - holdout);
    const int64_t holdout_end = OutsideOfRuns(holdout, rows, ranks);
    const int64_t validation_end = validation == 0 ? holdout_end : OutsideOfRuns(holdout + validation, rows, ranks);
    Append(rows, 0, holdout_end, split.holdout);
    Append(rows, holdout_end, validation_end, split.validation);
    Append(rows, validation_end, size, split.train);
  }
  if (split.holdout.empty()) return Empty("holdout", config.holdout_fraction(), table);
  if (split.validation.empty() && config.validation_fraction() > 0) {
    return Empty("validation", config.validation_fraction(), table);
  }
  for (std::vector<int64_t>* rows : {&split.train, &split.validation, &split.holdout}) {
    std::sort(rows->begin(), rows->end(),
              [&ranks](int64_t a, int64_t b) { return ranks[a] != ranks[b] ? ranks[a] < ranks[b] : a < b; });
  }
  return split;
}

}  // namespace baton
