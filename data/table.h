#ifndef BATON_DATA_TABLE_H_
#define BATON_DATA_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/config.pb.h"

namespace baton {

// A raw table in memory: numbers by column, and what is to be predicted. Every number is finite.
struct Table {
  enum class Role { kFeature, kTarget, kIgnored };
  struct Column {
    std::string name;
    Role role = Role::kFeature;
  };
  // All columns, in the file's order.
  std::vector<Column> columns;

  int64_t rows = 0;
  struct Feature {
    std::string name;
    std::vector<double> values;
  };
  // In the file's order.
  std::vector<Feature> features;

  // Of a classification: the distinct labels, sorted by their bytes, and each row's index into them.
  std::vector<std::string> labels;
  std::vector<int64_t> label_ids;
  // Of a regression: each row's number.
  std::vector<double> targets;
};

// Reads a CSV file whose content is `bytes`, with the columns that `config` names. The first line names the columns;
// fields may be quoted as in RFC 4180; a UTF-8 byte order mark, CRLF and empty lines are accepted; spaces around
// numbers as well. Labels are taken to the letter. `file` is its path, for messages. Uses all cores.
//
// InvalidArgument if the configuration names a column that is not there, or its shape is not that of the features.
// DataLoss, with file, line, column, what was found and what was expected, for everything else: no rows, a row with
// another number of fields than the header, a field that is empty or no finite number, a label that is empty or no
// UTF-8, a quote that is never closed, a column name that is missing or there twice, a classification of less than two
// labels, no feature at all.
absl::StatusOr<Table> ReadCsvTable(absl::string_view bytes, absl::string_view file, const TableConfig& config);

// The InvalidArgument that ReadCsvTable would return for a file that begins with `beginning`, found before the rest is
// read. OK if there is none, and if the header is not whole or cannot be read: ReadCsvTable will tell.
absl::Status CheckColumns(absl::string_view beginning, absl::string_view file, const TableConfig& config);

// Version of the Arrow library that parses, as the record names it.
std::string ArrowVersion();

}  // namespace baton

#endif  // BATON_DATA_TABLE_H_
