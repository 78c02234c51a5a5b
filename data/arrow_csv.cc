#include "data/arrow_csv.h"

#include <arrow/buffer.h>
#include <arrow/csv/reader.h>
#include <arrow/io/memory.h>

#include <new>

#include "absl/strings/str_cat.h"

namespace baton {

arrow::csv::ParseOptions CsvParseOptions() {
  arrow::csv::ParseOptions options = arrow::csv::ParseOptions::Defaults();
  options.newlines_in_values = true;
  return options;
}

arrow::csv::ConvertOptions CsvConvertOptions() {
  arrow::csv::ConvertOptions options = arrow::csv::ConvertOptions::Defaults();
  options.null_values.clear();
  return options;
}

arrow::Result<std::shared_ptr<arrow::Table>> ReadArrowCsv(absl::string_view bytes, bool use_threads,
                                                          const arrow::csv::ParseOptions& parse,
                                                          const arrow::csv::ConvertOptions& convert) {
  arrow::csv::ReadOptions read = arrow::csv::ReadOptions::Defaults();
  read.use_threads = use_threads;
  try {
    auto input = std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(
        reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int64_t>(bytes.size())));
    ARROW_ASSIGN_OR_RAISE(auto reader, arrow::csv::TableReader::Make(arrow::io::default_io_context(), std::move(input),
                                                                     read, parse, convert));
    return reader->Read();
  } catch (const std::bad_alloc&) {
    return arrow::Status::OutOfMemory("there is not enough memory for the table");
  } catch (const std::exception& error) {
    return arrow::Status::UnknownError(error.what());
  }
}

absl::Status FromArrow(const arrow::Status& status, absl::string_view file) {
  const std::string message = absl::StrCat(file, ": ", status.message());
  return status.IsOutOfMemory() ? absl::AbortedError(message) : absl::DataLossError(message);
}

}  // namespace baton
