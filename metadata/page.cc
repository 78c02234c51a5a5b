#include "metadata/page.h"

#include "absl/strings/str_cat.h"
#include "base/human.h"

namespace baton {
namespace {

constexpr int kIndent = 2;

}  // namespace

void Page::Section(const std::string& headline) {
  FlushValues();
  absl::StrAppend(&text_, text_.empty() ? "" : "\n", AlignColumns({{headline}}, 0, 1));
}

void Page::Value(const std::string& label, const std::string& value) {
  if (!value.empty()) values_.push_back({label, value});
}

void Page::Table(const std::vector<Row>& rows, size_t first_right) {
  FlushValues();
  absl::StrAppend(&text_, AlignColumns(rows, kIndent, first_right));
}

std::string Page::Text() {
  FlushValues();
  return text_;
}

void Page::FlushValues() {
  absl::StrAppend(&text_, AlignColumns(values_, kIndent, /*first_right=*/2));
  values_.clear();
}

}  // namespace baton
