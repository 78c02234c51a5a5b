#include "metadata/record_text.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"

namespace baton {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string ToUtf8(absl::string_view text) { return IsUtf8(text) ? std::string(text) : absl::CHexEscape(text); }

std::string FindInvalidText(const Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  std::string scratch;
  for (const FieldDescriptor* field : fields) {
    const bool text = field->type() == FieldDescriptor::TYPE_STRING;
    if (!text && field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (text) {
        const std::string& value = field->is_repeated()
                                       ? reflection.GetRepeatedStringReference(message, field, i, &scratch)
                                       : reflection.GetStringReference(message, field, &scratch);
        if (!IsUtf8(value)) return field->name();
      } else {
        const std::string below =
            FindInvalidText(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                 : reflection.GetMessage(message, field));
        if (!below.empty()) return absl::StrCat(field->name(), ".", below);
      }
    }
  }
  return "";
}

}  // namespace baton
