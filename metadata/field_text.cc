#include "metadata/field_text.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/time_util.h"
#include "metadata/metadata.pb.h"
#include "metadata/record_text.h"

namespace baton {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

std::string MessageText(const Message& message) {
  if (IsTimestamp(message.GetDescriptor())) {
    google::protobuf::Timestamp time;
    time.ParsePartialFromString(message.SerializePartialAsString());
    return google::protobuf::util::TimeUtil::ToString(time);
  }
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.SetUseUtf8StringEscaping(true);
  std::string text;
  printer.PrintToString(message, &text);
  if (absl::EndsWith(text, " ")) text.pop_back();
  return text;
}

}  // namespace

bool IsTimestamp(const Descriptor* type) { return type == google::protobuf::Timestamp::descriptor(); }

bool IsMessage(const FieldDescriptor* field) { return field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE; }

const FieldDescriptor* KeyOf(const Descriptor* type) {
  for (const char* name : {"attempt_id", "step_index", "path", "name"}) {
    const bool keyed = type == Attempt::descriptor() || type == Measurement::descriptor() ||
                       type == Artifact::descriptor() || type == KeyInput::descriptor() ||
                       type == ColumnSummary::descriptor() || type == SplitSummary::descriptor();
    const FieldDescriptor* const field = keyed ? type->FindFieldByName(name) : nullptr;
    if (field != nullptr) return field;
  }
  return nullptr;
}

std::string ValueText(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection& reflection = *message.GetReflection();
  if (IsMessage(field)) {
    return MessageText(index < 0 ? reflection.GetMessage(message, field)
                                 : reflection.GetRepeatedMessage(message, field, index));
  }
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    return ToUtf8(index < 0 ? reflection.GetString(message, field)
                            : reflection.GetRepeatedString(message, field, index));
  }
  std::string text;
  google::protobuf::TextFormat::PrintFieldValueToString(message, field, index, &text);
  return text;
}

std::string ElementText(const Message& parent, const FieldDescriptor* field, int index) {
  if (!IsMessage(field)) return absl::StrCat("[", index, "]");
  const Message& element = parent.GetReflection()->GetRepeatedMessage(parent, field, index);
  const FieldDescriptor* const key = field->is_map() ? field->message_type()->map_key() : KeyOf(field->message_type());
  return absl::StrCat("[", key == nullptr ? absl::StrCat(index) : ValueText(element, key, -1), "]");
}

}  // namespace baton
