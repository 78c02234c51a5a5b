#ifndef BATON_DATA_CSV_FAULT_H_
#define BATON_DATA_CSV_FAULT_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "data/table.h"

namespace baton {

// Finds out where exactly a CSV file, of which reading with types has failed, cannot be used: reads it again, on one
// thread and as text, and returns DataLoss with file, line, column, what was found and what was expected, of the first
// fault in the file. `otherwise` if it finds none. `columns` are all columns in the file's order; the target holds
// numbers or else labels.
absl::Status DescribeCsvFault(absl::string_view bytes, absl::string_view file,
                              const std::vector<Table::Column>& columns, bool numeric_target,
                              const absl::Status& otherwise);

// Text of the file for a message: in quotes, escaped, and not too long.
std::string QuoteForMessage(absl::string_view text);

}  // namespace baton

#endif  // BATON_DATA_CSV_FAULT_H_
