#ifndef BATON_METADATA_PAGE_H_
#define BATON_METADATA_PAGE_H_

#include <string>
#include <vector>

namespace baton {

// A page of plain text: sections of a headline, labelled values and tables, the columns aligned.
class Page {
 public:
  using Row = std::vector<std::string>;

  void Section(const std::string& headline);
  // Nothing where the value is empty, which is how absent ones come.
  void Value(const std::string& label, const std::string& value);
  // The first row is the heading. Columns from `first_right` on are aligned to the right.
  void Table(const std::vector<Row>& rows, size_t first_right);

  std::string Text();

 private:
  void FlushValues();

  std::string text_;
  // Those of the section that stand one under the other.
  std::vector<Row> values_;
};

}  // namespace baton

#endif  // BATON_METADATA_PAGE_H_
