#include "data/config_checks.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace baton {
namespace {

// Whether sizes are at least 1 and their product can be counted.
bool IsShape(const google::protobuf::RepeatedField<uint32_t>& sizes) {
  uint64_t count = 1;
  for (const uint32_t size : sizes) {
    if (size == 0 || count > std::numeric_limits<uint32_t>::max()) return false;
    count *= size;
  }
  return true;
}

void CheckTable(const TableConfig& table, ConfigProblems& problems) {
  if (table.target_column().empty()) {
    problems.Add(
        "load.table.target_column is missing; name the column to predict, e.g. load.table.target_column=label");
  }
  const auto& ignored = table.ignored_columns();
  if (std::find(ignored.begin(), ignored.end(), table.target_column()) != ignored.end()) {
    problems.Add(absl::StrCat("load.table.ignored_columns holds the target column \"", table.target_column(),
                              "\"; take it out, or choose another load.table.target_column"));
  }
  if (table.task() == TableConfig::TASK_UNSPECIFIED) {
    problems.Add("load.table.task is missing; CLASSIFICATION to predict a label, REGRESSION to predict a number");
  }
  problems.Expect(IsShape(table.feature_shape()), "load.table.feature_shape",
                  absl::StrCat("[", absl::StrJoin(table.feature_shape(), ", "), "]"),
                  "sizes of at least 1 that a row can have, e.g. [1, 28, 28] for 784 columns");
}

void CheckSplit(const SplitConfig& split, ConfigProblems& problems) {
  const double validation = split.validation_fraction();
  const double holdout = split.holdout_fraction();
  problems.Expect(IsIn0ToBelow1(validation), "load.split.validation_fraction", validation, "at least 0 and below 1");
  problems.Expect(holdout > 0 && holdout < 1, "load.split.holdout_fraction", holdout, "above 0 and below 1");
  if (IsIn0ToBelow1(validation) && holdout < 1) {
    problems.Expect(validation + holdout < 1, "load.split.validation_fraction + load.split.holdout_fraction",
                    validation + holdout, "below 1, so that something is left for training");
  }
}

}  // namespace

void CheckLoadConfig(const LoadConfig& load, ConfigProblems& problems) {
  if (load.raw_filepath().empty()) {
    problems.Add("load.raw_filepath is missing; name the file with the data, e.g. load.raw_filepath=data.csv");
  }
  if (load.source_case() == LoadConfig::SOURCE_NOT_SET) {
    problems.Add(
        "load.table is missing; say what is in the raw file, e.g. load.table={target_column: \"label\" task: "
        "CLASSIFICATION}");
  } else {
    CheckTable(load.table(), problems);
  }
  CheckSplit(load.split(), problems);
}

}  // namespace baton
