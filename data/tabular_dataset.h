#ifndef BATON_DATA_TABULAR_DATASET_H_
#define BATON_DATA_TABULAR_DATASET_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/config.pb.h"
#include "data/dataset.h"
#include "data/dataset.pb.h"
#include "data/split.h"
#include "data/standardize.h"
#include "data/table.h"

namespace baton {

// A table as a dataset, ready to be written.
struct TabularDataset {
  // Task, columns and number of classes; WriteDataset sets the rest.
  Dataset index;
  // Train, validation, holdout: "features" F32 [rows, features], or as the configuration shapes a row, "target" I64
  // [rows] (a class) or F32 [rows], and "row" I64 [rows], the row's number in the raw file, from 1 without the header.
  // Rows in the order of their ranks, so that the order of the rows in the raw file changes nothing but "row".
  std::vector<SplitTensors> splits;
  // Over the training split, in the table's units: of each feature, and of the target of a regression.
  std::vector<ColumnStatistics> features;
  ColumnStatistics target;
};

// Standardises as `config` says, by the training split alone, and rounds to F32. DataLoss, naming file, row and column,
// if a number is too large for F32.
absl::StatusOr<TabularDataset> MakeTabularDataset(const Table& table, const SplitRows& rows, const TableConfig& config,
                                                  absl::string_view file);

}  // namespace baton

#endif  // BATON_DATA_TABULAR_DATASET_H_
