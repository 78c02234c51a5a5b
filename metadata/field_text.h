#ifndef BATON_METADATA_FIELD_TEXT_H_
#define BATON_METADATA_FIELD_TEXT_H_

#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace baton {

// Fields of the record, found by reflection, as text.

// A time, which is one value though a message holds it.
bool IsTimestamp(const google::protobuf::Descriptor* type);
bool IsMessage(const google::protobuf::FieldDescriptor* field);

// The field of a list's elements that tells them apart; null where only their place does.
const google::protobuf::FieldDescriptor* KeyOf(const google::protobuf::Descriptor* type);

// The value of the field, or of its element `index` where that is not -1: texts as they are, times in RFC 3339, other
// messages in protobuf's text format on one line, all else as protobuf's text format has it.
std::string ValueText(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor* field,
                      int index);

// "[KEY]" of element `index` of a list or map, or "[INDEX]" where its elements have no key.
std::string ElementText(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor* field,
                        int index);

}  // namespace baton

#endif  // BATON_METADATA_FIELD_TEXT_H_
