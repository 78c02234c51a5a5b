#include "base/fields.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/options.pb.h"
#include "google/protobuf/descriptor.h"

namespace baton {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The shortest decimal that gives the same bits back.
template <typename Float>
std::string FloatText(Float value) {
  char buffer[32];
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr);
}

// As a JSON string. A field that is not text has octal escapes from 0x80 on, so that the result is UTF-8.
std::string Quoted(absl::string_view value, bool is_text) {
  std::string result = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\r':
        result += "\\r";
        break;
      case '\t':
        result += "\\t";
        break;
      default:
        if (byte < 0x20) {
          absl::StrAppendFormat(&result, "\\u%04x", byte);
        } else if (byte >= 0x80 && !is_text) {
          absl::StrAppendFormat(&result, "\\%03o", byte);
        } else {
          result += c;
        }
    }
  }
  return result + "\"";
}

}  // namespace

std::string ScalarText(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const auto get = [&](auto one, auto repeated) {
    return index < 0 ? (reflection.*one)(message, field) : (reflection.*repeated)(message, field, index);
  };
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(get(&Reflection::GetInt32, &Reflection::GetRepeatedInt32));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(get(&Reflection::GetInt64, &Reflection::GetRepeatedInt64));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(get(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(get(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return FloatText(get(&Reflection::GetDouble, &Reflection::GetRepeatedDouble));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return FloatText(get(&Reflection::GetFloat, &Reflection::GetRepeatedFloat));
    case FieldDescriptor::CPPTYPE_BOOL:
      return get(&Reflection::GetBool, &Reflection::GetRepeatedBool) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return get(&Reflection::GetEnum, &Reflection::GetRepeatedEnum)->name();
    case FieldDescriptor::CPPTYPE_STRING:
      return Quoted(get(&Reflection::GetString, &Reflection::GetRepeatedString),
                    field->type() == FieldDescriptor::TYPE_STRING);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "";
}

namespace {

bool IsChoice(const FieldDescriptor* field) {
  return field->is_extension() || field->real_containing_oneof() != nullptr;
}

void AppendMessage(const Message& message, const std::string& path, std::vector<FieldValue>& result);

// The fields of a message whose presence alone says something.
void AppendPresentMessage(const Message& message, const std::string& path, std::vector<FieldValue>& result) {
  const size_t before = result.size();
  AppendMessage(message, path, result);
  if (result.size() == before) result.emplace_back(path, "{}");
}

// A map is listed by its keys, sorted: reflection gives its entries in no order.
void AppendMap(const Message& message, const FieldDescriptor* field, const std::string& path,
               std::vector<FieldValue>& result) {
  const FieldDescriptor* key = field->message_type()->map_key();
  const FieldDescriptor* value = field->message_type()->map_value();
  std::map<std::string, const Message*> entries;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    const Message& entry = message.GetReflection()->GetRepeatedMessage(message, field, i);
    entries[ScalarText(entry, key, -1)] = &entry;
  }
  for (const auto& [name, entry] : entries) {
    const std::string entry_path = absl::StrCat(path, "[", name, "]");
    if (value->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      AppendPresentMessage(entry->GetReflection()->GetMessage(*entry, value), entry_path, result);
    } else {
      result.emplace_back(entry_path, ScalarText(*entry, value, -1));
    }
  }
}

void AppendRepeated(const Message& message, const FieldDescriptor* field, const std::string& path,
                    std::vector<FieldValue>& result) {
  const int size = message.GetReflection()->FieldSize(message, field);
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    for (int i = 0; i < size; ++i) {
      AppendPresentMessage(message.GetReflection()->GetRepeatedMessage(message, field, i),
                           absl::StrCat(path, "[", i, "]"), result);
    }
  } else if (size > 0) {
    std::vector<std::string> elements;
    for (int i = 0; i < size; ++i) elements.push_back(ScalarText(message, field, i));
    result.emplace_back(path, absl::StrCat("[", absl::StrJoin(elements, ", "), "]"));
  }
}

void AppendMessage(const Message& message, const std::string& path, std::vector<FieldValue>& result) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);  // those that are set, by number
  const std::unique_ptr<Message> defaults(message.New());
  for (const FieldDescriptor* field : fields) {
    if (field->options().GetExtension(free)) continue;
    const std::string field_path = absl::StrCat(path, path.empty() ? "" : ".", NameInPath(field));
    const bool choice = IsChoice(field);
    if (field->is_map()) {
      AppendMap(message, field, field_path, result);
    } else if (field->is_repeated()) {
      AppendRepeated(message, field, field_path, result);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      (choice ? AppendPresentMessage : AppendMessage)(reflection.GetMessage(message, field), field_path, result);
    } else {
      const std::string text = ScalarText(message, field, -1);
      if (choice || text != ScalarText(*defaults, field, -1)) result.emplace_back(field_path, text);
    }
  }
}

}  // namespace

void ClearDefaults(Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  const std::unique_ptr<Message> defaults(message.New());
  for (const FieldDescriptor* field : fields) {
    if (field->options().GetExtension(free) || field->is_map()) continue;
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (is_message && field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        ClearDefaults(*reflection.MutableRepeatedMessage(&message, field, i));
      }
      continue;
    }
    if (is_message) ClearDefaults(*reflection.MutableMessage(&message, field));
    if (field->is_repeated() || IsChoice(field)) continue;
    const bool at_default = is_message ? reflection.GetMessage(message, field).ByteSizeLong() == 0
                                       : ScalarText(message, field, -1) == ScalarText(*defaults, field, -1);
    if (at_default) reflection.ClearField(&message, field);
  }
}

namespace {

// Levenshtein's distance with swapped neighbours counted once, letters' case aside.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  const auto equal = [&](size_t i, size_t j) { return absl::ascii_tolower(a[i]) == absl::ascii_tolower(b[j]); };
  // distance[i][j]: between the first i letters of a and the first j of b.
  std::vector<std::vector<size_t>> distance(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      size_t& here = distance[i][j];
      here = i + j;
      if (i == 0 || j == 0) continue;
      here = std::min({distance[i - 1][j] + 1, distance[i][j - 1] + 1, distance[i - 1][j - 1] + !equal(i - 1, j - 1)});
      if (i > 1 && j > 1 && equal(i - 1, j - 2) && equal(i - 2, j - 1)) {
        here = std::min(here, distance[i - 2][j - 2] + 1);
      }
    }
  }
  return distance[a.size()][b.size()];
}

}  // namespace

std::vector<FieldValue> FrozenFields(const Message& message, absl::string_view prefix) {
  std::vector<FieldValue> result;
  AppendMessage(message, std::string(prefix), result);
  return result;
}

std::string NameInPath(const FieldDescriptor* field) {
  return field->is_extension() ? absl::StrCat("[", field->full_name(), "]") : field->name();
}

std::vector<const FieldDescriptor*> KnownChoices(const Descriptor* type) {
  std::vector<const FieldDescriptor*> choices;
  for (int i = 0; i < type->field_count(); ++i) {
    if (IsChoice(type->field(i))) choices.push_back(type->field(i));
  }
  std::vector<const FieldDescriptor*> extensions;
  if (type->extension_range_count() > 0) type->file()->pool()->FindAllExtensions(type, &extensions);
  const auto by_name = [](const FieldDescriptor* a, const FieldDescriptor* b) {
    return a->full_name() < b->full_name();
  };
  std::sort(extensions.begin(), extensions.end(), by_name);
  choices.insert(choices.end(), extensions.begin(), extensions.end());
  return choices;
}

std::vector<const FieldDescriptor*> ChoicesMade(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::erase_if(fields, [](const FieldDescriptor* field) { return !IsChoice(field); });
  return fields;
}

std::string NearestName(absl::string_view word, const std::vector<std::string>& candidates) {
  // A third of the letters may be wrong: further away it is another word.
  size_t nearest = std::max<size_t>(1, word.size() / 3) + 1;
  std::string result;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (distance >= nearest) continue;
    nearest = distance;
    result = candidate;
  }
  return result;
}

}  // namespace baton
