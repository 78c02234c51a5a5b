#ifndef BATON_BASE_FIELDS_H_
#define BATON_BASE_FIELDS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace baton {

// Configuration messages, field by field, through protobuf reflection.
//
// A path is field names joined by dots: "train.optimizer.learning_rate". An extension is written as its full name in
// brackets, as in text protos: "train.model.[acme.wide].width". Dots inside brackets join nothing.
//
// A choice is a field of which a message is to hold at most one: a member of a oneof, and in a message that can be
// extended every extension, beside the members of its oneof. That it is set means something although it is empty.

// A field's path and its value as text ("0.001", "[64, 32]", "GELU").
using FieldValue = std::pair<std::string, std::string>;

// The frozen fields of `message` that are set to something else than their default, in the order of their numbers,
// each name with `prefix` and "." before it where that is not empty. A field marked free (base/options.proto) is left
// out with all below it. Setting a field to its default is the same as not setting it; a present message that is a
// choice and has no field of its own is listed as name and "{}", since choosing it means something. Numbers are written
// with the digits that give the same bits back; strings quoted and escaped as in JSON.
std::vector<FieldValue> FrozenFields(const google::protobuf::Message& message, absl::string_view prefix);

// Clears what FrozenFields leaves out because it is at its default: frozen fields that are, and messages without a
// field that is set, unless they are a choice. Two messages that have the same frozen fields, and no free ones, are the
// same bytes then.
void ClearDefaults(google::protobuf::Message& message);

// Sets one field: "train.max_epochs=20". Typed and checked: an unknown name gets the nearest known one suggested, a
// value that is no number of the field's type, no name of its enum, or out of range is refused. Repeated fields take
// "[64, 32]". A choice clears the one that was made before. Messages on the way are made. InvalidArgument otherwise,
// and `message` is as before.
absl::Status ApplyOverride(absl::string_view assignment, google::protobuf::Message& message);

// Whether `path` names a field of such a message, or a message on the way to one. InvalidArgument says which part of it
// is unknown, with the nearest known one.
absl::Status CheckFieldPath(absl::string_view path, const google::protobuf::Descriptor* type);

// The default of the field that `path` names, as FrozenFields writes values; empty where there is none, as of a message
// or a list, or no such field.
std::string DefaultOf(absl::string_view path, const google::protobuf::Descriptor* type);

// A field's name as a path has it: "width", "[acme.wide]".
std::string NameInPath(const google::protobuf::FieldDescriptor* field);

// All that can be chosen in messages of this type: members of oneofs by number, then the extensions that this program
// knows by their names. Every one of them is a choice as said above.
std::vector<const google::protobuf::FieldDescriptor*> KnownChoices(const google::protobuf::Descriptor* type);

// Those of them that are set. More than one is a mistake, which only a text with both can make.
std::vector<const google::protobuf::FieldDescriptor*> ChoicesMade(const google::protobuf::Message& message);

// Parses a text proto. InvalidArgument gives file, line and column of every error, with the nearest known name for an
// unknown field or extension.
absl::Status ParseTextMessage(absl::string_view text, absl::string_view file_name, google::protobuf::Message& message);

// The candidate nearest to `word` by edit distance, if it is near enough to be what was meant, else empty.
std::string NearestName(absl::string_view word, const std::vector<std::string>& candidates);

}  // namespace baton

#endif  // BATON_BASE_FIELDS_H_
