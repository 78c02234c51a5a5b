#ifndef BATON_BASE_FIELDS_VALUE_H_
#define BATON_BASE_FIELDS_VALUE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace baton {

// Value of a field that holds no message, as FrozenFields writes it; `index` is -1 for one that is not repeated, where
// a field that is not set has its default.
std::string ScalarText(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor* field,
                       int index);

// The part of ApplyOverride (base/fields.h) behind the "=": sets `field` of `message` to the value that `text` says.
// InvalidArgument says what was expected and does not name the field; the message may be half changed then.
absl::Status SetFieldFromText(google::protobuf::Message& message, const google::protobuf::FieldDescriptor* field,
                              absl::string_view text);

}  // namespace baton

#endif  // BATON_BASE_FIELDS_VALUE_H_
