#ifndef BATON_METADATA_FIELD_CHANGE_H_
#define BATON_METADATA_FIELD_CHANGE_H_

#include <optional>
#include <string>
#include <vector>

namespace baton {

// One field that differs between two records.
struct FieldChange {
  // What it is about, what matters most first.
  enum class Topic {
    kInputs,         // what the results depend on: keys and their inputs, the raw file, amendments
    kVersions,       // of the data, the model, programs and libraries, and what computed: device, CPU, workers
    kResults,        // all else that a stage found out, and its status
    kCircumstances,  // times, places, usage, attempts
  };
  Topic topic = Topic::kResults;
  // Its names in metadata.proto, elements of lists by their key where they have one, else by their index from 0:
  // "train.stage.key_inputs[train.max_epochs].value", "train.history[3].train_loss".
  std::string field;
  // The value as text: texts as they are, times in RFC 3339, messages in protobuf's text format on one line. nullopt
  // where it is not set.
  std::optional<std::string> before, after;
  // Of an element of a list that is on one side only: the list's name, "train.history". Else empty.
  std::string list;
};

// The topic of a field, by the names on the way to it: {"train", "stage", "key_inputs", "value"}.
FieldChange::Topic TopicOf(const std::vector<std::string>& names);
// "0.1 -> 0.2", with "(not set)" for what is not there; long values are cut.
std::string ChangeText(const FieldChange& change);

// "inputs", "versions", "results", "circumstances".
std::string TopicName(FieldChange::Topic topic);

}  // namespace baton

#endif  // BATON_METADATA_FIELD_CHANGE_H_
