#include "base/message_difference.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/field_comparator.h"
#include "google/protobuf/util/message_differencer.h"

namespace baton {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;
using Path = std::vector<MessageDifferencer::SpecificField>;

// Of the entry of a map: its key, as text.
std::string KeyOf(const Message& entry) {
  std::string key;
  google::protobuf::TextFormat::PrintFieldValueToString(entry, entry.GetDescriptor()->map_key(), -1, &key);
  return key;
}

// Places in lists and maps are those of the first message, but of what was added those of the second.
std::string NameOf(const Path& path, bool added) {
  std::string name;
  for (const MessageDifferencer::SpecificField& step : path) {
    if (step.field == nullptr) {
      absl::StrAppend(&name, name.empty() ? "" : ".", "unknown field ", step.unknown_field_number);
      continue;
    }
    // The value of a map's entry: the entry was named by its key.
    if (step.field->containing_type()->options().map_entry()) continue;
    absl::StrAppend(&name, name.empty() ? "" : ".", step.field->name());
    if (step.field->is_map()) {
      const Message* const entry = added ? step.map_entry2 : step.map_entry1;
      if (entry != nullptr) absl::StrAppend(&name, "[", KeyOf(*entry), "]");
    } else if (step.field->is_repeated()) {
      absl::StrAppend(&name, "[", added ? step.new_index : step.index, "]");
    }
  }
  return name;
}

// The value at the end of a path, in the message that holds it.
std::string ValueOf(const Message& holder, const MessageDifferencer::SpecificField& step, int index) {
  if (step.field == nullptr) return "(unknown)";
  if (step.field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    const auto& reflection = *holder.GetReflection();
    const Message& value = step.field->is_repeated() ? reflection.GetRepeatedMessage(holder, step.field, index)
                                                     : reflection.GetMessage(holder, step.field);
    if (!step.field->is_map()) return absl::StrCat("{", value.ShortDebugString(), "}");
    std::string text;
    google::protobuf::TextFormat::PrintFieldValueToString(value, value.GetDescriptor()->map_value(), -1, &text);
    return text;
  }
  std::string text;
  google::protobuf::TextFormat::PrintFieldValueToString(holder, step.field, step.field->is_repeated() ? index : -1,
                                                        &text);
  return text;
}

class Collector : public MessageDifferencer::Reporter {
 public:
  explicit Collector(std::vector<MessageFieldDifference>& differences) : differences_(differences) {}

  void ReportAdded(const Message&, const Message& b, const Path& path) override {
    differences_.push_back(
        {NameOf(path, /*added=*/true), std::nullopt, ValueOf(b, path.back(), path.back().new_index)});
  }
  void ReportDeleted(const Message& a, const Message&, const Path& path) override {
    differences_.push_back({NameOf(path, /*added=*/false), ValueOf(a, path.back(), path.back().index), std::nullopt});
  }
  void ReportModified(const Message& a, const Message& b, const Path& path) override {
    // What changed inside of a message was reported before.
    const FieldDescriptor* const field = path.back().field;
    if (field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return;
    differences_.push_back({NameOf(path, /*added=*/false), ValueOf(a, path.back(), path.back().index),
                            ValueOf(b, path.back(), path.back().new_index)});
  }

 private:
  std::vector<MessageFieldDifference>& differences_;
};

}  // namespace

std::vector<MessageFieldDifference> DifferentFields(const Message& a, const Message& b) {
  std::vector<MessageFieldDifference> differences;
  Collector collector(differences);
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  MessageDifferencer differencer;
  differencer.set_field_comparator(&comparator);
  differencer.ReportDifferencesTo(&collector);
  differencer.Compare(a, b);
  return differences;
}

}  // namespace baton
