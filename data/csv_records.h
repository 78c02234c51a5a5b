#ifndef BATON_DATA_CSV_RECORDS_H_
#define BATON_DATA_CSV_RECORDS_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace baton {

// One record of a CSV file (RFC 4180): a line, or several where a quoted field holds line breaks.
struct CsvRecord {
  // Line of the file on which it begins, from 1.
  int64_t line = 0;
  // Without the line break at its end.
  absl::string_view text;
  // False if a quoted field that began in it is still open at the end of the file.
  bool closed = true;
};

// Says where records begin and end, so that an error can name the line and nothing is swallowed by a forgotten quote;
// Arrow parses. Agrees with it on what a record is: empty lines are none, LF, CRLF and CR end lines, and a quote opens
// a field only at its beginning. Keeps no copy of `bytes`. Not thread-safe.
class CsvRecordReader {
 public:
  explicit CsvRecordReader(absl::string_view bytes) : bytes_(bytes) {}

  // The next record; false at the end of the file.
  bool Next(CsvRecord& record);

 private:
  // Skips to the end of the line or the quoted lines at position_; returns whether all quotes are closed.
  bool SkipRecord();
  // Steps over the line break at position_.
  void SkipLineBreak();

  const absl::string_view bytes_;
  size_t position_ = 0;
  int64_t line_ = 1;
};

// The line on which the record `number` begins; 1 is the header. 0 if there are not so many.
int64_t CsvRecordLine(absl::string_view bytes, int64_t number);

}  // namespace baton

#endif  // BATON_DATA_CSV_RECORDS_H_
