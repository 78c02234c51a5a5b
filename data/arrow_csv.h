#ifndef BATON_DATA_ARROW_CSV_H_
#define BATON_DATA_ARROW_CSV_H_

#include <arrow/csv/options.h>
#include <arrow/result.h>
#include <arrow/table.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace baton {

// How every CSV file is parsed: fields may be quoted and hold line breaks, empty lines are ignored, and no word stands
// for a missing value.
arrow::csv::ParseOptions CsvParseOptions();
arrow::csv::ConvertOptions CsvConvertOptions();

// Reads a whole CSV file with Arrow. `bytes` must outlive the table.
arrow::Result<std::shared_ptr<arrow::Table>> ReadArrowCsv(absl::string_view bytes, bool use_threads,
                                                          const arrow::csv::ParseOptions& parse,
                                                          const arrow::csv::ConvertOptions& convert);

// Arrow's Status as ours: Aborted if there was no memory, DataLoss otherwise, `file` named.
absl::Status FromArrow(const arrow::Status& status, absl::string_view file);

}  // namespace baton

#endif  // BATON_DATA_ARROW_CSV_H_
