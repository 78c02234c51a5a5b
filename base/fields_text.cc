// ParseTextMessage of fields.h.

#include <memory>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/fields.h"
#include "base/fields_text.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/text_format.h"

namespace baton {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// `type` and the types of all messages below it.
void CollectTypes(const Descriptor* type, std::set<const Descriptor*>& result) {
  if (!result.insert(type).second) return;
  for (int i = 0; i < type->field_count(); ++i) {
    if (type->field(i)->message_type() != nullptr) CollectTypes(type->field(i)->message_type(), result);
  }
  for (const FieldDescriptor* choice : KnownChoices(type)) {
    if (choice->message_type() != nullptr) CollectTypes(choice->message_type(), result);
  }
}

// What the user may have meant by an extension of `type`, or by a field of it that is none.
std::string NearestExtension(absl::string_view word, const Descriptor* type) {
  std::vector<std::string> names;
  for (const FieldDescriptor* choice : KnownChoices(type)) {
    if (!choice->is_extension()) continue;
    if (choice->name() == word) return choice->full_name();
    names.push_back(choice->full_name());
  }
  return NearestName(word, names);
}

// What the user may have meant, from the parser's own words, which put names in quotes: 'Message type "T" has no field
// named "F".', 'Extension "E" is not defined or is not an extension of "T".' or 'Unknown enumeration value of "V" for
// field "F".'. Empty if nothing comes to mind.
std::string Suggestion(const std::string& error, const Descriptor* root) {
  const std::vector<std::string> parts = absl::StrSplit(error, '"');
  if (parts.size() != 5) return "";
  std::set<const Descriptor*> types;
  CollectTypes(root, types);
  std::vector<std::string> names;
  std::string word;
  if (parts[2] == " is not defined or is not an extension of ") {
    for (const Descriptor* type : types) {
      if (type->full_name() != parts[3]) continue;
      const std::string nearest = NearestExtension(parts[1], type);
      return nearest.empty() ? absl::StrCat(" ", kLinkExtensions) : absl::StrCat(" Did you mean [", nearest, "]?");
    }
  }
  if (parts[2] == " has no field named ") {
    word = parts[3];
    for (const Descriptor* type : types) {
      if (type->full_name() != parts[1]) continue;
      const std::string extension = NearestExtension(word, type);
      if (!extension.empty()) return absl::StrCat(" Did you mean [", extension, "]?");
      for (int i = 0; i < type->field_count(); ++i) {
        names.push_back(type->field(i)->name());
      }
    }
  } else if (parts[2] == " for field ") {
    word = parts[1];
    for (const Descriptor* type : types) {
      const FieldDescriptor* field = type->FindFieldByName(parts[3]);
      for (int i = 0; field != nullptr && field->enum_type() != nullptr && i < field->enum_type()->value_count(); ++i) {
        names.push_back(field->enum_type()->value(i)->name());
      }
    }
  }
  if (names.empty()) return "";
  const std::string nearest = NearestName(word, names);
  return nearest.empty() ? absl::StrCat(" Known: ", absl::StrJoin(names, ", "), ".")
                         : absl::StrCat(" Did you mean \"", nearest, "\"?");
}

class Collector : public google::protobuf::io::ErrorCollector {
 public:
  Collector(absl::string_view file_name, const Descriptor* root) : file_name_(file_name), root_(root) {}

  void AddError(int line, int column, const std::string& message) override {
    // The parser counts from 0, and gives -1 for what concerns the whole text.
    const std::string place = line < 0 ? "" : absl::StrCat(":", line + 1, ":", column + 1);
    errors_.push_back(absl::StrCat(file_name_, place, ": ", message, Suggestion(message, root_)));
  }

  std::string errors() const { return absl::StrJoin(errors_, "\n"); }

 private:
  const absl::string_view file_name_;
  const Descriptor* const root_;
  std::vector<std::string> errors_;
};

}  // namespace

absl::Status ParseTextMessage(absl::string_view text, absl::string_view file_name, Message& message) {
  Collector collector(file_name, message.GetDescriptor());
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.SetRecursionLimit(100);
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  const std::unique_ptr<Message> parsed(message.New());
  if (!parser.Parse(&stream, parsed.get())) return absl::InvalidArgumentError(collector.errors());
  message.GetReflection()->Swap(&message, parsed.get());
  return absl::OkStatus();
}

}  // namespace baton
