// The record has a stage's configuration as names and values of its frozen fields; each is read again as it was.

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/fields.h"
#include "base/options.pb.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "pipeline/config/config.pb.h"

namespace baton {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Sets a field, or adds to a repeated one, to something that is not its default.
void SetOther(Message& message, const FieldDescriptor* field) {
  const Reflection& reflection = *message.GetReflection();
  const auto set = [&](auto value, auto one, auto add) {
    (reflection.*(field->is_repeated() ? add : one))(&message, field, value);
  };
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32:
      return set(field->default_value_uint32() + 3, &Reflection::SetUInt32, &Reflection::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return set(field->default_value_uint64() + 3, &Reflection::SetUInt64, &Reflection::AddUInt64);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return set(field->default_value_double() + 1.0 / 3, &Reflection::SetDouble, &Reflection::AddDouble);
    case FieldDescriptor::CPPTYPE_BOOL:
      return set(!field->default_value_bool(), &Reflection::SetBool, &Reflection::AddBool);
    case FieldDescriptor::CPPTYPE_STRING:
      return set(std::string("a, \"b\"]\n"), &Reflection::SetString, &Reflection::AddString);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* type = field->enum_type();
      return set(type->value((field->default_value_enum()->index() + 1) % type->value_count()), &Reflection::SetEnum,
                 &Reflection::AddEnum);
    }
    default:
      FAIL() << field->full_name() << " is of a type that this test does not know yet";
  }
}

// What FrozenFields says of it gives it again.
void CheckRoundTrip(const PipelineConfig& config, const FieldDescriptor* field) {
  const std::vector<FieldValue> values = FrozenFields(config, "");
  EXPECT_EQ(values.size(), 1) << field->full_name();
  PipelineConfig copy;
  for (const auto& [name, value] : values) {
    EXPECT_THAT(ApplyOverride(absl::StrCat(name, "=", value), copy), IsOk());
  }
  EXPECT_EQ(copy.SerializeAsString(), config.SerializeAsString()) << field->full_name();
}

// Checks every frozen field below `type`, whose message `find` finds, or makes, in a configuration. Returns how many.
int CheckFields(const google::protobuf::Descriptor* type, const std::function<Message&(PipelineConfig&)>& find) {
  int checked = 0;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->options().GetExtension(free)) continue;
    PipelineConfig config;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      EXPECT_FALSE(field->is_repeated()) << field->full_name() << ": the names of its parts are no paths to set";
      const auto find_field = [&find, field](PipelineConfig& root) -> Message& {
        Message& message = find(root);
        return *message.GetReflection()->MutableMessage(&message, field);
      };
      checked += CheckFields(field->message_type(), find_field);
      if (field->real_containing_oneof() == nullptr) continue;
      find_field(config);
    } else {
      SetOther(find(config), field);
      if (field->is_repeated()) SetOther(find(config), field);
    }
    CheckRoundTrip(config, field);
    ++checked;
  }
  return checked;
}

TEST(PipelineConfigFields, AreAllReadAsTheRecordHasThem) {
  const int checked =
      CheckFields(PipelineConfig::descriptor(), [](PipelineConfig& config) -> Message& { return config; });
  EXPECT_GT(checked, 40);
}

}  // namespace
}  // namespace baton
