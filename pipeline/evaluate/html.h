#ifndef BATON_PIPELINE_EVALUATE_HTML_H_
#define BATON_PIPELINE_EVALUATE_HTML_H_

#include <string>

#include "absl/strings/string_view.h"

namespace baton {

// "&lt;b&gt;" of "<b>": any bytes made safe as text and as an attribute's value of HTML or SVG. What is no UTF-8
// becomes U+FFFD, control characters spaces.
std::string EscapeHtml(absl::string_view text);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_HTML_H_
