#include "pipeline/evaluate/html.h"

#include "base/utf8.h"

namespace baton {

std::string EscapeHtml(absl::string_view text) {
  std::string escaped;
  for (const char c : ReplaceInvalidUtf8(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += (c >= 0 && c < ' ') || c == 0x7f ? ' ' : c;
    }
  }
  return escaped;
}

}  // namespace baton
