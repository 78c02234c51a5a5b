// ReadCsvTable, on a CSV file of any bytes whose last column is the target; the first byte of the input chooses the
// task. What is read is written as plain CSV and read again as it was.

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "base/utf8.h"
#include "data/csv_records.h"
#include "data/table.h"
#include "tests/fuzz/fuzz_target.h"

namespace baton {
namespace {

constexpr char kFile[] = "/data/table.csv";

// The last name in the header, if it is not quoted.
std::string LastColumn(absl::string_view bytes) {
  CsvRecordReader records(absl::StripPrefix(bytes, "\xef\xbb\xbf"));
  CsvRecord header;
  if (!records.Next(header)) return "y";
  return std::string(header.text.substr(header.text.rfind(',') + 1));
}

std::string Quoted(absl::string_view field) {
  return absl::StrCat("\"", absl::StrReplaceAll(field, {{"\"", "\"\""}}), "\"");
}

std::string AsCsv(const Table& table, const std::string& target) {
  std::string csv;
  for (const Table::Feature& feature : table.features) absl::StrAppend(&csv, Quoted(feature.name), ",");
  absl::StrAppend(&csv, Quoted(target), "\n");
  for (int64_t row = 0; row < table.rows; ++row) {
    char number[32];
    for (const Table::Feature& feature : table.features) {
      std::snprintf(number, sizeof(number), "%.17g,", feature.values[row]);
      absl::StrAppend(&csv, number);
    }
    if (table.targets.empty()) {
      absl::StrAppend(&csv, Quoted(table.labels[table.label_ids[row]]), "\n");
    } else {
      std::snprintf(number, sizeof(number), "%.17g\n", table.targets[row]);
      absl::StrAppend(&csv, number);
    }
  }
  return csv;
}

void RequireWhole(const Table& table, absl::string_view bytes, bool regression) {
  CsvRecordReader records(absl::StripPrefix(bytes, "\xef\xbb\xbf"));
  int64_t count = 0;
  for (CsvRecord record; records.Next(record);) count += record.closed ? 1 : 0;
  Require(table.rows == count - 1, absl::StrCat("as many rows, ", table.rows, ", as records behind the header"));
  Require(!table.features.empty(), "a feature");
  for (const Table::Feature& feature : table.features) {
    Require(static_cast<int64_t>(feature.values.size()) == table.rows, "each feature has all rows");
    for (const double value : feature.values) Require(std::isfinite(value), "numbers are finite");
  }
  Require((regression ? table.targets.size() : table.label_ids.size()) == static_cast<size_t>(table.rows),
          "the target has all rows");
  for (const double value : table.targets) Require(std::isfinite(value), "targets are finite");
  for (size_t i = 0; i < table.labels.size(); ++i) {
    Require(!table.labels[i].empty() && IsUtf8(table.labels[i]), "labels are texts in UTF-8");
    Require(i == 0 || table.labels[i - 1] < table.labels[i], "labels are distinct and sorted");
  }
  for (const int64_t id : table.label_ids) {
    Require(id >= 0 && id < static_cast<int64_t>(table.labels.size()), "a row has a label");
  }
}

void TestText(absl::string_view bytes, bool regression) {
  TableConfig config;
  config.set_target_column(LastColumn(bytes));
  config.set_task(regression ? TableConfig::REGRESSION : TableConfig::CLASSIFICATION);
  const absl::Status columns = CheckColumns(bytes, kFile, config);
  const absl::StatusOr<Table> table = ReadCsvTable(bytes, kFile, config);
  if (!table.ok()) {
    Require(columns.ok() || columns.code() == table.status().code() || absl::IsDataLoss(table.status()),
            "columns that are refused are refused when the table is read");
    return RequireGoodError(table.status(), kFile);
  }
  Require(columns.ok(), "columns of a table that is read are not refused");
  RequireWhole(*table, bytes, regression);
  NoteAccepted();
  const std::string csv = AsCsv(*table, config.target_column());
  const absl::StatusOr<Table> again = ReadCsvTable(csv, kFile, config);
  Require(again.ok(), absl::StrCat("what is written is read again: ", again.status().ToString(), "\n", csv));
  Require(AsCsv(*again, config.target_column()) == csv, "what is written is read as it was");
}

}  // namespace

std::vector<std::string> Seeds() {
  return {"0a,b,kind\n1,2,left\n3.5e-3, 4 ,right\n",
          "0\xef\xbb\xbf\"a\",b,kind\r\n1,2,\"le\"\"ft\"\r\n\r\n-1,+0,\"r\n\"", "1a,y\n1,2\n",
          "0x,kind\r1,\"a,b\"\r2,b"};
}

void TestInput(absl::string_view input) {
  if (!input.empty()) TestText(input.substr(1), static_cast<uint8_t>(input[0]) % 2 == 1);
}

}  // namespace baton
