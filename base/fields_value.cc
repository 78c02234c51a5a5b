#include "base/fields_value.h"

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/fields.h"
#include "base/status_macros.h"
#include "google/protobuf/descriptor.h"

namespace baton {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status Unfit(absl::string_view text, absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not ", expected));
}

// "abc" as it stands, or what a quoted "abc" means.
absl::StatusOr<std::string> ParseString(absl::string_view text) {
  if (text.empty() || text.front() != '"') return std::string(text);
  std::string result;
  std::string error;
  if (text.size() < 2 || text.back() != '"' || !absl::CUnescape(text.substr(1, text.size() - 2), &result, &error)) {
    return Unfit(text, absl::StrCat("a well-formed string: ", error.empty() ? "the closing quote is missing" : error));
  }
  return result;
}

// Sets a field that is not repeated, or adds to one that is.
class Setter {
 public:
  Setter(Message& message, const FieldDescriptor* field)
      : message_(message), reflection_(*message.GetReflection()), field_(field) {}

  absl::Status Set(absl::string_view text) {
    switch (field_->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return Integer<int32_t>(text, &Reflection::SetInt32, &Reflection::AddInt32);
      case FieldDescriptor::CPPTYPE_INT64:
        return Integer<int64_t>(text, &Reflection::SetInt64, &Reflection::AddInt64);
      case FieldDescriptor::CPPTYPE_UINT32:
        return Integer<uint32_t>(text, &Reflection::SetUInt32, &Reflection::AddUInt32);
      case FieldDescriptor::CPPTYPE_UINT64:
        return Integer<uint64_t>(text, &Reflection::SetUInt64, &Reflection::AddUInt64);
      case FieldDescriptor::CPPTYPE_DOUBLE: {
        double value = 0;
        if (!absl::SimpleAtod(text, &value) || !std::isfinite(value)) return Unfit(text, "a finite number");
        return Store(value, &Reflection::SetDouble, &Reflection::AddDouble);
      }
      case FieldDescriptor::CPPTYPE_FLOAT: {
        float value = 0;
        if (!absl::SimpleAtof(text, &value) || !std::isfinite(value)) return Unfit(text, "a finite number");
        return Store(value, &Reflection::SetFloat, &Reflection::AddFloat);
      }
      case FieldDescriptor::CPPTYPE_BOOL: {
        bool value = false;
        if (!absl::SimpleAtob(text, &value)) return Unfit(text, "true or false");
        return Store(value, &Reflection::SetBool, &Reflection::AddBool);
      }
      case FieldDescriptor::CPPTYPE_ENUM:
        return Enum(text);
      case FieldDescriptor::CPPTYPE_STRING: {
        ASSIGN_OR_RETURN(std::string value, ParseString(text));
        return Store(std::move(value), &Reflection::SetString, &Reflection::AddString);
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Submessage(text);
    }
    return absl::InternalError("a field of unknown type");
  }

 private:
  template <typename T, typename SetMethod, typename AddMethod>
  absl::Status Store(T value, SetMethod set, AddMethod add) {
    (reflection_.*(field_->is_repeated() ? add : set))(&message_, field_, std::move(value));
    return absl::OkStatus();
  }

  template <typename T, typename SetMethod, typename AddMethod>
  absl::Status Integer(absl::string_view text, SetMethod set, AddMethod add) {
    T value = 0;
    if (!absl::SimpleAtoi(text, &value)) {
      return Unfit(text, absl::StrCat("a whole number from ", std::numeric_limits<T>::min(), " to ",
                                      std::numeric_limits<T>::max()));
    }
    return Store(value, set, add);
  }

  absl::Status Enum(absl::string_view text) {
    const EnumValueDescriptor* value = field_->enum_type()->FindValueByName(std::string(text));
    if (value != nullptr) return Store(value, &Reflection::SetEnum, &Reflection::AddEnum);
    std::vector<std::string> names;
    for (int i = 0; i < field_->enum_type()->value_count(); ++i) {
      names.push_back(field_->enum_type()->value(i)->name());
    }
    const std::string nearest = NearestName(text, names);
    return Unfit(text, absl::StrCat("one of ", absl::StrJoin(names, ", "),
                                    nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?")));
  }

  // A whole message, in the syntax of text protos, in place of the one before.
  absl::Status Submessage(absl::string_view text) {
    absl::string_view fields = text;
    if (!absl::ConsumePrefix(&fields, "{") || !absl::ConsumeSuffix(&fields, "}")) {
      return Unfit(text,
                   "a message: write its fields in braces, or {} for none, or give one field as path.field=value");
    }
    Message* target = field_->is_repeated() ? reflection_.AddMessage(&message_, field_)
                                            : reflection_.MutableMessage(&message_, field_);
    return ParseTextMessage(fields, "value", *target);
  }

  Message& message_;
  const Reflection& reflection_;
  const FieldDescriptor* const field_;
};

// The elements of "[a, "b, c"]" or "[{x: [1, 2]}, {}]", trimmed.
absl::StatusOr<std::vector<absl::string_view>> SplitList(absl::string_view text) {
  absl::string_view inside = text;
  if (!absl::ConsumePrefix(&inside, "[") || !absl::ConsumeSuffix(&inside, "]")) {
    return Unfit(text, "a list: write [a, b], or [] for none");
  }
  std::vector<absl::string_view> elements;
  if (absl::StripAsciiWhitespace(inside).empty()) return elements;
  size_t begin = 0;
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i <= inside.size(); ++i) {
    const char c = i < inside.size() ? inside[i] : ',';
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      continue;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == ',' && depth == 0) {
      elements.push_back(absl::StripAsciiWhitespace(inside.substr(begin, i - begin)));
      if (elements.back().empty()) return Unfit(text, "a list: an element is missing");
      begin = i + 1;
    }
  }
  if (quoted || depth != 0 || begin <= inside.size()) {
    return Unfit(text, "a list: a quote, brace or bracket is not closed");
  }
  return elements;
}

}  // namespace

absl::Status SetFieldFromText(Message& message, const FieldDescriptor* field, absl::string_view text) {
  if (field->is_map()) return absl::InvalidArgumentError("is a map; set it in the configuration file");
  if (!field->is_repeated()) return Setter(message, field).Set(text);
  ASSIGN_OR_RETURN(const std::vector<absl::string_view> elements, SplitList(text));
  message.GetReflection()->ClearField(&message, field);
  for (const absl::string_view element : elements) RETURN_IF_ERROR(Setter(message, field).Set(element));
  return absl::OkStatus();
}

}  // namespace baton
