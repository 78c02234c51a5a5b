// ApplyOverride of fields.h.

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/fields.h"
#include "base/fields_value.h"
#include "base/status_macros.h"
#include "google/protobuf/descriptor.h"

namespace baton {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Paths of all fields below `type` whose own name is `name`: the user may have left out the folders.
void FindByName(const Descriptor* type, absl::string_view name, const std::string& prefix, int depth,
                std::vector<std::string>& result) {
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const std::string path = absl::StrCat(prefix, field->name());
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
  for (int i = 0; i < type->field_count(); ++i) names.push_back(type->field(i)->name());
  std::vector<std::string> elsewhere;
  FindByName(root, name, "", 8, elsewhere);
  const std::string nearest = NearestName(name, names);
  std::string hint;
  if (!elsewhere.empty()) {
    hint = absl::StrCat("did you mean ", absl::StrJoin(elsewhere, " or "), "?");
  } else if (!nearest.empty()) {
    hint = absl::StrCat("did you mean ", prefix, nearest, "?");
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
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    if (type == nullptr || (!fields.empty() && fields.back()->is_repeated())) {
      return absl::InvalidArgumentError(absl::StrCat(
          parent, type == nullptr ? " is a value and has no field " : " is a list; set it as a whole, not ", name));
    }
    const FieldDescriptor* field = type->FindFieldByName(std::string(name));
    if (field == nullptr) return UnknownField(root, type, parent, name);
    fields.push_back(field);
    type = field->message_type();
    parent = absl::StrCat(parent, parent.empty() ? "" : ".", name);
  }
  return fields;
}

}  // namespace

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
    parent = parent->GetReflection()->MutableMessage(parent, fields[i]);
  }
  const absl::Status status = SetFieldFromText(*parent, fields.back(), value);
  if (!status.ok()) return absl::InvalidArgumentError(absl::StrCat(path, ": ", status.message()));
  message.GetReflection()->Swap(&message, changed.get());
  return absl::OkStatus();
}

}  // namespace baton
