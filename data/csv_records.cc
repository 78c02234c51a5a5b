#include "data/csv_records.h"

namespace baton {
namespace {

bool IsLineBreak(char c) { return c == '\n' || c == '\r'; }

}  // namespace

void CsvRecordReader::SkipLineBreak() {
  const bool two = bytes_.substr(position_, 2) == "\r\n";
  position_ += two ? 2 : 1;
  ++line_;
}

bool CsvRecordReader::SkipRecord() {
  bool quoted = false;
  bool field_begins = true;
  while (position_ < bytes_.size()) {
    const char c = bytes_[position_];
    if (IsLineBreak(c)) {
      if (!quoted) break;
      SkipLineBreak();
      continue;
    }
    ++position_;
    if (quoted) {
      if (c != '"') continue;
      const bool escaped = position_ < bytes_.size() && bytes_[position_] == '"';
      if (escaped) ++position_;
      quoted = escaped;
    } else {
      quoted = c == '"' && field_begins;
      field_begins = c == ',';
    }
  }
  return !quoted;
}

bool CsvRecordReader::Next(CsvRecord& record) {
  while (position_ < bytes_.size() && IsLineBreak(bytes_[position_])) SkipLineBreak();
  if (position_ == bytes_.size()) return false;
  const size_t begin = position_;
  record.line = line_;
  record.closed = SkipRecord();
  record.text = bytes_.substr(begin, position_ - begin);
  return true;
}

int64_t CsvRecordLine(absl::string_view bytes, int64_t number) {
  CsvRecordReader reader(bytes);
  CsvRecord record;
  for (int64_t i = 0; i < number; ++i) {
    if (!reader.Next(record)) return 0;
  }
  return record.line;
}

}  // namespace baton
