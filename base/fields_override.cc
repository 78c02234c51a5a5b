// What of fields.h resolves a path.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/fields.h"
#include "base/fields_text.h"
#include "base/fields_value.h"
#include "base/status_macros.h"
#include "google/protobuf/descriptor.h"

namespace baton {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The parts of a path: dots outside of brackets part them. Nothing if a bracket is not closed.
std::optional<std::vector<absl::string_view>> SplitPath(absl::string_view path) {
  std::vector<absl::string_view> parts;
  size_t begin = 0;
  bool in_brackets = false;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '[') in_brackets = true;
    if (path[i] == ']') in_brackets = false;
    if (path[i] != '.' || in_brackets) continue;
    parts.push_back(path.substr(begin, i - begin));
    begin = i + 1;
  }
  parts.push_back(path.substr(begin));
  if (in_brackets) return std::nullopt;
  return parts;
}

// All fields of a message: its own, then the extensions that this program knows.
std::vector<const FieldDescriptor*> KnownFields(const Descriptor* type) {
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < type->field_count(); ++i) fields.push_back(type->field(i));
  for (const FieldDescriptor* choice : KnownChoices(type)) {
    if (choice->is_extension()) fields.push_back(choice);
  }
  return fields;
}

// The field that a part of a path names; null if there is none.
const FieldDescriptor* FindField(const Descriptor* type, absl::string_view part) {
  for (const FieldDescriptor* field : KnownFields(type)) {
    if (NameInPath(field) == part) return field;
  }
  return nullptr;
}

// Paths of all fields below `type` whose own name is `name`: the user may have left out the folders, or the package.
void FindByName(const Descriptor* type, absl::string_view name, const std::string& prefix, int depth,
                std::vector<std::string>& result) {
  for (const FieldDescriptor* field : KnownFields(type)) {
    const std::string path = absl::StrCat(prefix, NameInPath(field));
    if (field->name() == name) result.push_back(path);
    if (field->message_type() != nullptr && !field->is_repeated() && depth > 0) {
      FindByName(field->message_type(), name, path + ".", depth - 1, result);
    }
  }
}

absl::Status UnknownField(const Descriptor* root, const Descriptor* type, absl::string_view parent,
                          absl::string_view name) {
  const std::string prefix = parent.empty() ? "" : absl::StrCat(parent, ".");
  std::vector<std::string> names;
  for (const FieldDescriptor* field : KnownFields(type)) names.push_back(NameInPath(field));
  std::vector<std::string> elsewhere;
  FindByName(root, name, "", 8, elsewhere);
  const std::string nearest = NearestName(name, names);
  const size_t bracket = name.find('[');
  std::string hint;
  if (!elsewhere.empty()) {
    hint = absl::StrCat("did you mean ", absl::StrJoin(elsewhere, " or "), "?");
  } else if (!nearest.empty()) {
    hint = absl::StrCat("did you mean ", prefix, nearest, "?");
  } else if (bracket == 0 && type->extension_range_count() > 0) {
    hint = absl::StrCat("known: ", absl::StrJoin(names, ", "), ". ", kLinkExtensions);
  } else if (bracket != absl::string_view::npos && bracket > 0) {
    hint =
        absl::StrCat("an extension stands behind a dot: ", prefix, name.substr(0, bracket), ".", name.substr(bracket));
  } else if (names.empty()) {
    hint = absl::StrCat(parent, " has no fields");
  } else {
    hint = absl::StrCat("fields ", parent.empty() ? "here" : absl::StrCat("of ", parent), ": ",
                        absl::StrJoin(names, ", "));
  }
  return absl::InvalidArgumentError(absl::StrCat("unknown field ", prefix, name, "; ", hint));
}

// The fields that `path` leads through, the last one included.
absl::StatusOr<std::vector<const FieldDescriptor*>> Resolve(absl::string_view path, const Descriptor* root) {
  std::vector<const FieldDescriptor*> fields;
  std::string parent;
  const Descriptor* type = root;
  const auto parts = SplitPath(path);
  if (!parts.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": a bracket is not closed; write an extension as train.model.[package.name]"));
  }
  for (const absl::string_view name : *parts) {
    if (type == nullptr || (!fields.empty() && fields.back()->is_repeated())) {
      return absl::InvalidArgumentError(absl::StrCat(
          parent, type == nullptr ? " is a value and has no field " : " is a list; set it as a whole, not ", name));
    }
    const FieldDescriptor* field = FindField(type, name);
    if (field == nullptr) return UnknownField(root, type, parent, name);
    fields.push_back(field);
    type = field->message_type();
    parent = absl::StrCat(parent, parent.empty() ? "" : ".", name);
  }
  return fields;
}

// Clears what was chosen in `message` instead of `choice`, if that is one. What a oneof holds beside another oneof
// stays, unless the message can be extended.
void ClearOtherChoices(Message& message, const FieldDescriptor* choice) {
  if (message.GetDescriptor()->extension_range_count() == 0) return;  // protobuf does it for a oneof
  const std::vector<const FieldDescriptor*> known = KnownChoices(message.GetDescriptor());
  if (std::find(known.begin(), known.end(), choice) == known.end()) return;
  for (const FieldDescriptor* made : ChoicesMade(message)) {
    if (made != choice) message.GetReflection()->ClearField(&message, made);
  }
}

}  // namespace

absl::Status CheckFieldPath(absl::string_view path, const Descriptor* type) { return Resolve(path, type).status(); }

std::string DefaultOf(absl::string_view path, const Descriptor* type) {
  const absl::StatusOr<std::vector<const FieldDescriptor*>> fields = Resolve(path, type);
  if (!fields.ok()) return "";
  const FieldDescriptor* const field = fields->back();
  if (field->is_repeated() || field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return "";
  const Message* const unset =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(field->containing_type());
  return ScalarText(*unset, field, -1);
}

absl::Status ApplyOverride(absl::string_view assignment, Message& message) {
  const size_t equals = assignment.find('=');
  if (equals == absl::string_view::npos || equals == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", assignment, "\" is no override; write path=value, e.g. seed=1"));
  }
  const absl::string_view path = absl::StripAsciiWhitespace(assignment.substr(0, equals));
  const absl::string_view value = absl::StripAsciiWhitespace(assignment.substr(equals + 1));
  ASSIGN_OR_RETURN(const std::vector<const FieldDescriptor*> fields, Resolve(path, message.GetDescriptor()));

  const std::unique_ptr<Message> changed(message.New());
  changed->CopyFrom(message);
  Message* parent = changed.get();
  for (size_t i = 0; i + 1 < fields.size(); ++i) {
    ClearOtherChoices(*parent, fields[i]);
    parent = parent->GetReflection()->MutableMessage(parent, fields[i]);
  }
  ClearOtherChoices(*parent, fields.back());
  const absl::Status status = SetFieldFromText(*parent, fields.back(), value);
  if (!status.ok()) return absl::InvalidArgumentError(absl::StrCat(path, ": ", status.message()));
  message.GetReflection()->Swap(&message, changed.get());
  return absl::OkStatus();
}

}  // namespace baton
