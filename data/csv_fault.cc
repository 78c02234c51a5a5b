#include "data/csv_fault.h"

#include <arrow/array/array_binary.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "data/arrow_csv.h"
#include "data/csv_records.h"

namespace baton {
namespace {

constexpr absl::string_view kEmpty = "an empty field";

struct RaggedRow {
  int64_t record = std::numeric_limits<int64_t>::max();
  int fields = 0;
};

// What is wrong with a field that should be a number: "found ..., expected ..."; empty if nothing is. Agrees with
// Arrow, whose converter ignores spaces and tabs around a number and takes what std::from_chars takes.
std::string NumberFault(absl::string_view field) {
  absl::string_view trimmed = field;
  while (!trimmed.empty() && (trimmed.front() == ' ' || trimmed.front() == '\t')) trimmed.remove_prefix(1);
  while (!trimmed.empty() && (trimmed.back() == ' ' || trimmed.back() == '\t')) trimmed.remove_suffix(1);
  if (trimmed.empty()) return absl::StrCat("found ", kEmpty, ", expected a number");
  double value = 0;
  const auto [end, error] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), value);
  if (end != trimmed.data() + trimmed.size()) {
    return absl::StrCat("found ", QuoteForMessage(field), ", expected a number");
  }
  // from_chars does not say whether what is out of range is too large, or so small that it is zero.
  if (error == std::errc::result_out_of_range) value = std::strtod(std::string(trimmed).c_str(), nullptr);
  if (!std::isfinite(value)) return absl::StrCat("found ", QuoteForMessage(field), ", expected a finite number");
  return "";
}

std::string LabelFault(absl::string_view field) {
  if (field.empty()) return absl::StrCat("found ", kEmpty, ", expected a label");
  if (!IsUtf8(field)) return absl::StrCat("found ", QuoteForMessage(field), ", expected a label in UTF-8");
  return "";
}

// Of a column, the first faulty row (from 0) below `limit`, and what is wrong with it.
struct FieldFault {
  int64_t row = 0;
  std::string message;
};
FieldFault FirstFault(const arrow::ChunkedArray& column, bool numeric, int64_t limit) {
  int64_t row = 0;
  for (const std::shared_ptr<arrow::Array>& chunk : column.chunks()) {
    const auto& fields = static_cast<const arrow::BinaryArray&>(*chunk);
    for (int64_t i = 0; i < fields.length() && row < limit; ++i, ++row) {
      const auto view = fields.GetView(i);
      const absl::string_view field(view.data(), view.size());
      std::string message = numeric ? NumberFault(field) : LabelFault(field);
      if (!message.empty()) return {row, std::move(message)};
    }
  }
  return {limit, ""};
}

}  // namespace

std::string QuoteForMessage(absl::string_view text) {
  constexpr size_t kLongest = 40;
  const std::string shown(text.substr(0, kLongest));
  return absl::StrCat("\"", IsUtf8(text) ? absl::Utf8SafeCEscape(shown) : absl::CHexEscape(shown),
                      text.size() > kLongest ? "..." : "", "\"");
}

absl::Status DescribeCsvFault(absl::string_view bytes, absl::string_view file,
                              const std::vector<Table::Column>& columns, bool numeric_target,
                              const absl::Status& otherwise) {
  RaggedRow ragged;
  arrow::csv::ParseOptions parse = CsvParseOptions();
  parse.invalid_row_handler = [&ragged](const arrow::csv::InvalidRow& row) {
    if (row.number < ragged.record) ragged = {row.number, row.actual_columns};
    return arrow::csv::InvalidRowResult::Skip;
  };
  arrow::csv::ConvertOptions convert = CsvConvertOptions();
  convert.default_column_type = arrow::binary();
  const auto read = ReadArrowCsv(bytes, /*use_threads=*/false, parse, convert);
  if (!read.ok()) return otherwise;
  const arrow::Table& table = **read;
  if (table.num_columns() != static_cast<int>(columns.size())) return otherwise;

  // The header is record 1. Ragged rows are not in the table, so that only rows before the first one have the record
  // number that their place tells.
  FieldFault first = {std::min(table.num_rows(), ragged.record - 2), ""};
  const Table::Column* column = nullptr;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].role == Table::Role::kIgnored) continue;
    const bool numeric = columns[i].role == Table::Role::kFeature || numeric_target;
    FieldFault fault = FirstFault(*table.column(static_cast<int>(i)), numeric, first.row);
    if (fault.message.empty()) continue;
    first = std::move(fault);
    column = &columns[i];
  }
  if (column != nullptr) {
    return absl::DataLossError(absl::StrCat(file, ":", CsvRecordLine(bytes, first.row + 2), ": column ",
                                            QuoteForMessage(column->name), ": ", first.message));
  }
  if (ragged.fields > 0) {
    return absl::DataLossError(absl::StrCat(file, ":", CsvRecordLine(bytes, ragged.record), ": found ", ragged.fields,
                                            ragged.fields == 1 ? " field" : " fields", ", expected ", columns.size(),
                                            " as in the header"));
  }
  return otherwise;
}

}  // namespace baton
