// MutateMessage of fuzz_target.h.

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "base/utf8.h"
#include "google/protobuf/descriptor.h"
#include "tests/fuzz/fuzz_target.h"

namespace baton {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

class MessageMutator {
 public:
  explicit MessageMutator(unsigned seed) : random_(seed) {}

  void Mutate(Message& message) {
    std::vector<Message*> messages;
    Collect(message, messages);
    Message& chosen = *messages[Below(messages.size())];
    const std::vector<const FieldDescriptor*> fields = FieldsOf(chosen);
    if (fields.empty()) return;
    const FieldDescriptor* const field = fields[Below(fields.size())];
    if (field->is_repeated()) {
      MutateRepeated(chosen, field);
    } else if (chosen.GetReflection()->HasField(chosen, field) && Below(4) == 0) {
      chosen.GetReflection()->ClearField(&chosen, field);
    } else {
      Set(chosen, field, -1);
    }
  }

  size_t Below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random_); }

 private:
  // Those of its type and the extensions that are known.
  static std::vector<const FieldDescriptor*> FieldsOf(const Message& message) {
    const auto* const type = message.GetDescriptor();
    std::vector<const FieldDescriptor*> fields;
    if (type->extension_range_count() > 0) type->file()->pool()->FindAllExtensions(type, &fields);
    for (int i = 0; i < type->field_count(); ++i) fields.push_back(type->field(i));
    return fields;
  }

  // The message and all that are in it.
  static void Collect(Message& message, std::vector<Message*>& messages) {
    messages.push_back(&message);
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
      const Reflection& reflection = *message.GetReflection();
      if (!field->is_repeated()) Collect(*reflection.MutableMessage(&message, field), messages);
      for (int i = 0; field->is_repeated() && i < reflection.FieldSize(message, field); ++i) {
        Collect(*reflection.MutableRepeatedMessage(&message, field, i), messages);
      }
    }
  }

  void MutateRepeated(Message& message, const FieldDescriptor* field) {
    const Reflection& reflection = *message.GetReflection();
    const int size = reflection.FieldSize(message, field);
    switch (size == 0 ? 0 : Below(5)) {
      case 0:
        Add(message, field);
        break;
      case 1:
        reflection.SwapElements(&message, field, Below(size), size - 1);
        reflection.RemoveLast(&message, field);
        break;
      case 2:
        reflection.SwapElements(&message, field, Below(size), Below(size));
        break;
      case 3: {  // twice the same
        if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return Add(message, field);
        const int from = Below(size);
        Message* const added = reflection.AddMessage(&message, field);
        added->CopyFrom(reflection.GetRepeatedMessage(message, field, from));
        break;
      }
      default:
        Set(message, field, Below(size));
    }
  }

  void Add(Message& message, const FieldDescriptor* field) {
    const Reflection& reflection = *message.GetReflection();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        reflection.AddMessage(&message, field);
        return;
      case FieldDescriptor::CPPTYPE_STRING:
        reflection.AddString(&message, field, "");
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        reflection.AddEnumValue(&message, field, 0);
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        reflection.AddDouble(&message, field, 0);
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        reflection.AddFloat(&message, field, 0);
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        reflection.AddBool(&message, field, false);
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        reflection.AddInt32(&message, field, 0);
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        reflection.AddInt64(&message, field, 0);
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        reflection.AddUInt32(&message, field, 0);
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        reflection.AddUInt64(&message, field, 0);
        break;
    }
    Set(message, field, reflection.FieldSize(message, field) - 1);
  }

  // A new value for the element `index`, or for a field that is not repeated: -1.
  void Set(Message& message, const FieldDescriptor* field, int index) {
    const Reflection& reflection = *message.GetReflection();
#define BATON_SET(TYPE, VALUE)                                                                    \
  (index < 0 ? reflection.Set##TYPE(&message, field, VALUE(reflection.Get##TYPE(message, field))) \
             : reflection.SetRepeated##TYPE(&message, field, index,                               \
                                            VALUE(reflection.GetRepeated##TYPE(message, field, index))))
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (index < 0) reflection.MutableMessage(&message, field);
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        BATON_SET(String, [&](std::string text) { return Text(std::move(text), field); });
        break;
      case FieldDescriptor::CPPTYPE_ENUM: {
        // Now and then one that the enum does not have, where the field keeps such.
        const int count = field->enum_type()->value_count();
        const size_t chosen = Below(count + 1);
        const int value = chosen == count ? 1000 : field->enum_type()->value(chosen)->number();
        BATON_SET(EnumValue, [value](int) { return value; });
        break;
      }
      case FieldDescriptor::CPPTYPE_DOUBLE:
        BATON_SET(Double, [&](double value) { return Real(value); });
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        BATON_SET(Float, [&](float value) { return static_cast<float>(Real(value)); });
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        BATON_SET(Bool, [](bool value) { return !value; });
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        BATON_SET(Int32, Integer);
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        BATON_SET(Int64, Integer);
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        BATON_SET(UInt32, Integer);
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        BATON_SET(UInt64, Integer);
        break;
    }
#undef BATON_SET
  }

  template <typename T>
  T Integer(T value) {
    using Limits = std::numeric_limits<T>;
    const T values[] = {0,
                        1,
                        2,
                        static_cast<T>(-1),
                        Limits::max(),
                        Limits::min(),
                        Limits::max() / 2,
                        Limits::max() / 8,
                        value == Limits::max() ? value : static_cast<T>(value + 1)};
    return Below(3) == 0 ? static_cast<T>(Below(40)) : values[Below(std::size(values))];
  }

  double Real(double value) {
    const double values[] = {
        0.0, -0.0, 1, -1, 0.5, 1e300, -1e300, 5e-324, std::nan(""), INFINITY, -INFINITY, value / 2, value * 1.0000001};
    return values[Below(std::size(values))];
  }

  std::string Text(std::string text, const FieldDescriptor* field) {
    const size_t size = text.size();
    text.resize(size + 32);
    text.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(text.data()), size, text.size()));
    // One that is no UTF-8 makes the whole message unreadable.
    return field->type() == FieldDescriptor::TYPE_STRING && Below(16) != 0 ? ReplaceInvalidUtf8(text) : text;
  }

  std::mt19937 random_;
};

}  // namespace

size_t MutateMessage(Message& message, uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  MessageMutator mutator(seed);
  message.Clear();
  if (!message.ParsePartialFromArray(data, static_cast<int>(size)) || mutator.Below(50) == 0) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  for (size_t i = mutator.Below(3) + 1; i > 0; --i) mutator.Mutate(message);
  const std::string bytes = SerializeMessage(message);
  if (bytes.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}

}  // namespace baton
