#ifndef BATON_BASE_HUMAN_H_
#define BATON_BASE_HUMAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "google/protobuf/timestamp.pb.h"

namespace baton {

// Values as people read them.

// "117 B", "1.5 KiB", "2.0 GiB": binary units, one digit behind the point.
std::string HumanBytes(uint64_t bytes);
// "0.31 s", "45.2 s", "3 min 05 s", "2 h 03 min", "4 d 01 h".
std::string HumanSeconds(double seconds);
// "1,234,567".
std::string HumanCount(uint64_t count);
// "2025-11-21 02:41:07 UTC".
std::string HumanTime(const google::protobuf::Timestamp& time);
// At most 6 significant digits: "0.97561".
std::string HumanNumber(double number);

// Rows of cells as lines with the columns aligned, each as wide as its widest cell, two spaces between, `indent` spaces
// in front. Columns from `first_right` on are aligned to the right. Control characters are escaped (base/utf8.h). No
// spaces at the ends of lines.
std::string AlignColumns(std::vector<std::vector<std::string>> rows, int indent, size_t first_right);

}  // namespace baton

#endif  // BATON_BASE_HUMAN_H_
