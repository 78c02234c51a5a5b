#ifndef BATON_BASE_UTF8_H_
#define BATON_BASE_UTF8_H_

#include <string>

#include "absl/strings/string_view.h"

namespace baton {

// Whether `text` is well-formed UTF-8 (Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above
// U+10FFFF). protobuf's proto3 strings and safetensors headers must be; file names, arguments and what users write need
// not.
bool IsUtf8(absl::string_view text);

// `text` with every byte that is no part of well-formed UTF-8 replaced by U+FFFD, for what is only shown.
std::string ReplaceInvalidUtf8(absl::string_view text);

// `text` as a terminal may be given it: control characters (U+0000 to U+001F, U+007F to U+009F), which could steer it
// or break lines, and bytes that are no part of well-formed UTF-8 become "\\x1b", a code for each byte; those in `keep`
// stay.
std::string EscapeControl(absl::string_view text, absl::string_view keep = "");

}  // namespace baton

#endif  // BATON_BASE_UTF8_H_
