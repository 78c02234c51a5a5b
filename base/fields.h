#ifndef BATON_BASE_FIELDS_H_
#define BATON_BASE_FIELDS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace baton {

// Configuration messages, field by field, through protobuf reflection.

// A field as "train.optimizer.learning_rate" and its value as text ("0.001", "[64, 32]", "GELU").
using FieldValue = std::pair<std::string, std::string>;

// The frozen fields of `message` that are set to something else than their default, in the order of their numbers,
// each name with `prefix` and "." before it where that is not empty. A field marked free (base/options.proto) is left
// out with all below it. Setting a field to its default is the same as not setting it; a present message of a oneof
// without any field of its own is listed as name and "{}", since choosing it means something. Numbers are written with
// the digits that give the same bits back; strings quoted and escaped as in JSON.
std::vector<FieldValue> FrozenFields(const google::protobuf::Message& message, absl::string_view prefix);

// Clears what FrozenFields leaves out because it is at its default: frozen fields that are, and messages without a
// field that is set, unless they are a choice. Two messages that have the same frozen fields, and no free ones, are the
// same bytes then.
void ClearDefaults(google::protobuf::Message& message);

// Sets one field: "train.max_epochs=20". Typed and checked: an unknown name gets the nearest known one suggested, a
// value that is no number of the field's type, no name of its enum, or out of range is refused. Repeated fields take
// "[64, 32]". Choosing another member of a oneof clears the one that was set. Messages on the way are made.
// InvalidArgument otherwise, and `message` is as before.
absl::Status ApplyOverride(absl::string_view assignment, google::protobuf::Message& message);

// Parses a text proto. InvalidArgument gives file, line and column of every error, with the nearest known name for an
// unknown field.
absl::Status ParseTextMessage(absl::string_view text, absl::string_view file_name, google::protobuf::Message& message);

// The candidate nearest to `word` by edit distance, if it is near enough to be what was meant, else empty.
std::string NearestName(absl::string_view word, const std::vector<std::string>& candidates);

}  // namespace baton

#endif  // BATON_BASE_FIELDS_H_
