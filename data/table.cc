#include "data/table.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_primitive.h>
#include <arrow/config.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/fields.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "data/arrow_csv.h"
#include "data/csv_fault.h"
#include "data/csv_records.h"

namespace baton {
namespace {

constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";

absl::Status NoSuchColumn(absl::string_view field, const std::string& name, absl::string_view file,
                          const std::vector<std::string>& names) {
  constexpr size_t kShown = 20;
  std::vector<std::string> shown(names.begin(), names.begin() + std::min(names.size(), kShown));
  for (std::string& column : shown) column = QuoteForMessage(column);
  if (names.size() > kShown) shown.push_back(absl::StrCat(names.size() - kShown, " more"));
  const std::string nearest = NearestName(name, names);
  return absl::InvalidArgumentError(
      absl::StrCat("load.table.", field, " is ", QuoteForMessage(name), ", but ", file, " has no such column",
                   nearest.empty() ? "." : absl::StrCat("; did you mean ", QuoteForMessage(nearest), "?"),
                   " Its columns are ", absl::StrJoin(shown, ", ")));
}

// The names in the header, which Arrow parses.
absl::StatusOr<std::vector<std::string>> ReadHeader(absl::string_view bytes, absl::string_view file) {
  CsvRecordReader records(bytes);
  CsvRecord header, row;
  if (!records.Next(header)) {
    return absl::DataLossError(absl::StrCat(file, ": the file is empty; expected a line of column names and rows"));
  }
  if (!records.Next(row)) {
    return absl::DataLossError(
        absl::StrCat(file, ":", header.line, ": found a header without rows, expected at least one row"));
  }
  const std::string line = absl::StrCat(header.text, "\n");
  const auto read = ReadArrowCsv(line, /*use_threads=*/false, CsvParseOptions(), CsvConvertOptions());
  if (!read.ok()) return FromArrow(read.status(), absl::StrCat(file, ":", header.line));
  std::vector<std::string> names = (*read)->schema()->field_names();
  for (const std::string& name : names) {
    if (IsUtf8(name)) continue;
    return absl::DataLossError(absl::StrCat(file, ":", header.line, ": found the column name ", QuoteForMessage(name),
                                            ", expected UTF-8; is the file in another encoding?"));
  }
  return names;
}

absl::Status CheckShape(size_t features, absl::string_view file, const TableConfig& config) {
  if (config.feature_shape().empty()) return absl::OkStatus();
  size_t expected = 1;
  for (const uint32_t size : config.feature_shape()) expected *= size;
  if (features == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("load.table.feature_shape is [", absl::StrJoin(config.feature_shape(), ", "), "], which is ",
                   expected, " numbers, but ", file, " has ", features,
                   " features: all columns but the target and load.table.ignored_columns; correct one of them"));
}

// Which role each column has.
absl::StatusOr<std::vector<Table::Column>> AssignRoles(const std::vector<std::string>& names, absl::string_view file,
                                                       const TableConfig& config) {
  const auto known = [&names](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!known(config.target_column())) return NoSuchColumn("target_column", config.target_column(), file, names);
  for (const std::string& ignored : config.ignored_columns()) {
    if (!known(ignored)) return NoSuchColumn("ignored_columns", ignored, file, names);
  }

  std::vector<Table::Column> columns;
  std::map<std::string, size_t> seen;
  for (const std::string& name : names) {
    const auto& ignored = config.ignored_columns();
    Table::Column column = {name, Table::Role::kFeature};
    if (name == config.target_column()) column.role = Table::Role::kTarget;
    if (std::find(ignored.begin(), ignored.end(), name) != ignored.end()) column.role = Table::Role::kIgnored;
    columns.push_back(column);
    if (column.role == Table::Role::kIgnored) continue;
    const auto [first, is_new] = seen.emplace(name, columns.size());
    if (!is_new) {
      return absl::DataLossError(absl::StrCat(file, ": columns ", first->second, " and ", columns.size(),
                                              " have the same name ", QuoteForMessage(name), ", expected another"));
    }
    if (name.empty()) {
      return absl::DataLossError(absl::StrCat(file, ": column ", columns.size(), " of the header has no name; ",
                                              "name it, or leave it out with load.table.ignored_columns: \"\""));
    }
  }
  if (seen.size() < 2) {
    return absl::DataLossError(
        absl::StrCat(file, ": no column beside the target is left; expected at least one feature"));
  }
  RETURN_IF_ERROR(CheckShape(seen.size() - 1, file, config));
  return columns;
}

// A quote that is never closed makes one field of the whole rest of the file.
absl::Status CheckQuotes(absl::string_view bytes, absl::string_view file) {
  if (!absl::StrContains(bytes, '"')) return absl::OkStatus();
  CsvRecordReader records(bytes);
  for (CsvRecord record; records.Next(record);) {
    if (record.closed) continue;
    return absl::DataLossError(absl::StrCat(file, ":", record.line, ": found a quoted field that is never closed, ",
                                            "expected a closing \" before the end of the file"));
  }
  return absl::OkStatus();
}

arrow::csv::ConvertOptions TypedOptions(const std::vector<Table::Column>& columns, bool numeric_target) {
  arrow::csv::ConvertOptions options = CsvConvertOptions();
  for (const Table::Column& column : columns) {
    if (column.role == Table::Role::kIgnored) continue;
    options.include_columns.push_back(column.name);
    const bool numeric = column.role == Table::Role::kFeature || numeric_target;
    options.column_types[column.name] = numeric ? arrow::float64() : arrow::utf8();
  }
  return options;
}

// False if a number is not finite.
bool CopyNumbers(const arrow::ChunkedArray& column, std::vector<double>& values) {
  values.reserve(column.length());
  bool finite = true;
  for (const std::shared_ptr<arrow::Array>& chunk : column.chunks()) {
    const auto& numbers = static_cast<const arrow::DoubleArray&>(*chunk);
    for (int64_t i = 0; i < numbers.length(); ++i) {
      values.push_back(numbers.Value(i));
      finite = finite && std::isfinite(values.back());
    }
  }
  return finite;
}

// False if a label is empty.
bool CopyLabels(const arrow::ChunkedArray& column, Table& table) {
  table.label_ids.reserve(column.length());
  absl::flat_hash_map<std::string, int64_t> ids;  // in the order in which they come
  for (const std::shared_ptr<arrow::Array>& chunk : column.chunks()) {
    const auto& fields = static_cast<const arrow::StringArray&>(*chunk);
    for (int64_t i = 0; i < fields.length(); ++i) {
      const auto view = fields.GetView(i);
      const absl::string_view label(view.data(), view.size());
      table.label_ids.push_back(ids.try_emplace(label, ids.size()).first->second);
    }
  }
  for (const auto& [label, id] : ids) table.labels.push_back(label);
  std::sort(table.labels.begin(), table.labels.end());
  std::vector<int64_t> sorted_ids(ids.size());
  for (size_t i = 0; i < table.labels.size(); ++i) sorted_ids[ids[table.labels[i]]] = static_cast<int64_t>(i);
  for (int64_t& id : table.label_ids) id = sorted_ids[id];
  return !ids.contains("");
}

}  // namespace

absl::StatusOr<Table> ReadCsvTable(absl::string_view bytes, absl::string_view file, const TableConfig& config) {
  bytes = absl::StripPrefix(bytes, kByteOrderMark);
  RETURN_IF_ERROR(CheckQuotes(bytes, file));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ReadHeader(bytes, file));
  Table table;
  ASSIGN_OR_RETURN(table.columns, AssignRoles(names, file, config));

  const bool numeric_target = config.task() == TableConfig::REGRESSION;
  const auto fault = [&](const absl::Status& otherwise) {
    return DescribeCsvFault(bytes, file, table.columns, numeric_target, otherwise);
  };
  const auto read =
      ReadArrowCsv(bytes, /*use_threads=*/true, CsvParseOptions(), TypedOptions(table.columns, numeric_target));
  if (!read.ok()) return fault(FromArrow(read.status(), file));
  table.rows = (*read)->num_rows();

  bool usable = true;
  int read_column = 0;
  for (const Table::Column& column : table.columns) {
    if (column.role == Table::Role::kIgnored) continue;
    const arrow::ChunkedArray& values = *(*read)->column(read_column++);
    if (column.role == Table::Role::kFeature) {
      table.features.push_back({column.name, {}});
      usable = CopyNumbers(values, table.features.back().values) && usable;
    } else {
      usable = (numeric_target ? CopyNumbers(values, table.targets) : CopyLabels(values, table)) && usable;
    }
  }
  if (!usable) return fault(absl::DataLossError(absl::StrCat(file, ": a field is empty or no finite number")));
  if (!numeric_target && table.labels.size() < 2) {
    return absl::DataLossError(absl::StrCat(file, ": column ", QuoteForMessage(config.target_column()),
                                            ": found only the label ", QuoteForMessage(table.labels[0]), " in all ",
                                            table.rows, " rows, expected at least two classes"));
  }
  return table;
}

absl::Status CheckColumns(absl::string_view beginning, absl::string_view file, const TableConfig& config) {
  const auto names = ReadHeader(absl::StripPrefix(beginning, kByteOrderMark), file);
  if (!names.ok()) return absl::OkStatus();
  const absl::Status assigned = AssignRoles(*names, file, config).status();
  return absl::IsInvalidArgument(assigned) ? assigned : absl::OkStatus();
}

std::string ArrowVersion() { return arrow::GetBuildInfo().version_string; }

}  // namespace baton
