#include "metadata/record_diff.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/util/field_comparator.h"
#include "google/protobuf/util/message_differencer.h"
#include "metadata/canonical.h"
#include "metadata/field_text.h"

namespace baton {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::MessageDifferencer;

// Takes out of both what is the same in both, so that what is left to compare is as small as what changed: the
// differencer's time grows with the square of a list's length.
void RemoveEqual(Message& a, Message& b) {
  const Reflection& reflection = *a.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(a, &fields);
  const std::unique_ptr<Message> a_part(a.New()), b_part(b.New());
  for (const FieldDescriptor* field : fields) {
    const bool there = field->is_repeated() ? reflection.FieldSize(b, field) > 0 : reflection.HasField(b, field);
    if (!there) continue;
    a_part->Clear();
    b_part->Clear();
    reflection.SwapFields(&a, a_part.get(), {field});
    reflection.SwapFields(&b, b_part.get(), {field});
    if (CanonicalBytes(*a_part) == CanonicalBytes(*b_part)) continue;
    reflection.SwapFields(&a, a_part.get(), {field});
    reflection.SwapFields(&b, b_part.get(), {field});
    if (IsMessage(field) && !field->is_repeated() && !IsTimestamp(field->message_type())) {
      RemoveEqual(*reflection.MutableMessage(&a, field), *reflection.MutableMessage(&b, field));
    }
  }
}

// Collects what the differencer finds.
class Collector : public MessageDifferencer::Reporter {
 public:
  using Path = std::vector<MessageDifferencer::SpecificField>;

  Collector(const Metadata& before, const Metadata& after) : before_(before), after_(after) {}

  void ReportAdded(const Message&, const Message& after, const Path& path) override {
    OneSided(after, path, /*added=*/true);
  }
  void ReportDeleted(const Message& before, const Message&, const Path& path) override {
    OneSided(before, path, /*added=*/false);
  }
  void ReportModified(const Message& before, const Message& after, const Path& path) override {
    const FieldDescriptor* const field = path.back().field;
    if (field == nullptr) return Add(NameOf(path, true), {"unknown to this program", "unknown to this program", ""});
    // Times are told as a whole; of other messages, the fields were.
    if (IsTimestamp(field->containing_type())) return;
    if (IsMessage(field) && !IsTimestamp(field->message_type())) return;
    Add(NameOf(path, true), {ValueText(before, field, field->is_repeated() ? path.back().index : -1),
                             ValueText(after, field, field->is_repeated() ? path.back().new_index : -1), ""});
  }

  std::vector<FieldChange> Changes() && {
    std::stable_sort(changes_.begin(), changes_.end(),
                     [](const FieldChange& a, const FieldChange& b) { return a.topic < b.topic; });
    return std::move(changes_);
  }

 private:
  struct Name {
    std::string text;
    std::vector<std::string> fields;
  };
  struct Values {
    std::optional<std::string> before, after;
    std::string list;
  };

  void Add(const Name& name, Values values) {
    FieldChange change;
    change.topic = TopicOf(name.fields);
    change.field = name.text;
    change.before = std::move(values.before);
    change.after = std::move(values.after);
    change.list = std::move(values.list);
    changes_.push_back(std::move(change));
  }

  // Appends ".name" and an element's key.
  static void Append(const std::string& field, const std::string& element, Name& name) {
    absl::StrAppend(&name.text, name.text.empty() ? "" : ".", field, element);
    name.fields.push_back(field);
  }

  // The names along `path`, with the keys of the elements that it goes through, as they are before or after.
  Name NameOf(const Path& path, bool as_before) const {
    Name name;
    const Message* message = as_before ? static_cast<const Message*>(&before_) : &after_;
    for (const MessageDifferencer::SpecificField& step : path) {
      if (step.field == nullptr) {
        Append(absl::StrCat("field", step.unknown_field_number), "", name);
        break;
      }
      // Of a map's entry, whose key was told.
      if (step.field->containing_type()->options().map_entry()) {
        if (IsMessage(step.field)) message = &message->GetReflection()->GetMessage(*message, step.field);
        continue;
      }
      const Message* const entry = as_before && step.map_entry1 != nullptr ? step.map_entry1 : step.map_entry2;
      if (step.field->is_map() && entry != nullptr) {
        Append(step.field->name(), absl::StrCat("[", ValueText(*entry, step.field->message_type()->map_key(), -1), "]"),
               name);
        message = entry;
        continue;
      }
      const int index = as_before ? step.index : step.new_index;
      const Reflection& reflection = *message->GetReflection();
      const bool element = step.field->is_repeated() && index >= 0;
      Append(step.field->name(), element ? ElementText(*message, step.field, index) : "", name);
      if (!IsMessage(step.field) || (step.field->is_repeated() && !element)) break;
      message = element ? &reflection.GetRepeatedMessage(*message, step.field, index)
                        : &reflection.GetMessage(*message, step.field);
    }
    return name;
  }

  void OneSided(const Message& parent, const Path& path, bool added) {
    const FieldDescriptor* const field = path.back().field;
    const Name name = NameOf(path, !added);
    if (field == nullptr) return AddOneSided(name, "unknown to this program", "", added);
    if (IsTimestamp(field->containing_type())) return;
    if (!field->is_repeated() && IsMessage(field) && !IsTimestamp(field->message_type())) {
      return Expand(parent.GetReflection()->GetMessage(parent, field), name, added);
    }
    if (!field->is_repeated()) return AddOneSided(name, ValueText(parent, field, -1), "", added);
    Path list = path;
    list.back().index = list.back().new_index = -1;
    list.back().map_entry1 = list.back().map_entry2 = nullptr;
    const int index = added ? path.back().new_index : path.back().index;
    const Message* const entry = added ? path.back().map_entry2 : path.back().map_entry1;
    const std::string value = field->is_map() && entry != nullptr
                                  ? ValueText(*entry, field->message_type()->map_value(), -1)
                                  : ValueText(parent, field, index);
    AddOneSided(name, value, NameOf(list, !added).text, added);
  }

  void AddOneSided(const Name& name, std::string value, std::string list, bool added) {
    Values values;
    (added ? values.after : values.before) = std::move(value);
    values.list = std::move(list);
    Add(name, std::move(values));
  }

  // Tells each field of a message that is on one side only.
  void Expand(const Message& message, const Name& name, bool added) {
    const Reflection& reflection = *message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      Name list = name;
      Append(field->name(), "", list);
      if (field->is_repeated()) {
        for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
          Name element = name;
          Append(field->name(), ElementText(message, field, i), element);
          const std::string value = field->is_map() ? ValueText(reflection.GetRepeatedMessage(message, field, i),
                                                                field->message_type()->map_value(), -1)
                                                    : ValueText(message, field, i);
          AddOneSided(element, value, list.text, added);
        }
      } else if (IsMessage(field) && !IsTimestamp(field->message_type())) {
        Expand(reflection.GetMessage(message, field), list, added);
      } else {
        AddOneSided(list, ValueText(message, field, -1), "", added);
      }
    }
  }

  const Metadata& before_;
  const Metadata& after_;
  std::vector<FieldChange> changes_;
};

}  // namespace

std::vector<FieldChange> DiffRecords(const Metadata& before, const Metadata& after) {
  Metadata a = before;
  Metadata b = after;
  for (Metadata* record : {&a, &b}) {
    record->clear_generation();
    record->clear_previous_sha256();
    record->clear_sha256();
  }
  RemoveEqual(a, b);

  MessageDifferencer differencer;
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  differencer.set_field_comparator(&comparator);
  const auto by_key = [&](const Descriptor* type, const char* list) {
    const FieldDescriptor* const field = type->FindFieldByName(list);
    differencer.TreatAsMap(field, KeyOf(field->message_type()));
  };
  by_key(StageRun::descriptor(), "key_inputs");
  if (before.run().run_id() == after.run().run_id()) by_key(StageRun::descriptor(), "attempts");
  by_key(LoadSection::descriptor(), "outputs");
  by_key(LoadSection::descriptor(), "schema");
  by_key(LoadSection::descriptor(), "splits");
  by_key(TrainSection::descriptor(), "model_artifacts");
  by_key(EvaluateSection::descriptor(), "outputs");
  differencer.TreatAsSet(TrainSection::descriptor()->FindFieldByName("finished_steps"));
  Collector collector(a, b);
  differencer.ReportDifferencesTo(&collector);
  differencer.Compare(a, b);
  return std::move(collector).Changes();
}

}  // namespace baton
