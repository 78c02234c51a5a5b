#ifndef BATON_METADATA_RECORD_TEXT_H_
#define BATON_METADATA_RECORD_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace baton {

// `text` itself if it is UTF-8, else with its non-ASCII bytes escaped as in C ("\xff"): for words of the user, the
// machine or a library, which may be anything.
std::string ToUtf8(absl::string_view text);

// The path of the first text in `message` that is no UTF-8, e.g. "load.outputs.path"; empty if there is none. protobuf
// writes such a message, and then refuses to read it.
std::string FindInvalidText(const google::protobuf::Message& message);

}  // namespace baton

#endif  // BATON_METADATA_RECORD_TEXT_H_
