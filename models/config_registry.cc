#include "models/config_registry.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/fields.h"
#include "google/protobuf/descriptor.h"

namespace baton {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

struct Entry {
  TypeOf type;
  ConfigTraits traits;
  std::function<void(const Message&, const DataDescription&, absl::string_view, ConfigProblems&)> check;
};

// Grows while static objects are made, and is only read from then on.
std::vector<Entry>& Registry() {
  static std::vector<Entry>* const registry = new std::vector<Entry>;
  return *registry;
}

// Null if what the field holds was never registered.
const Entry* Find(const FieldDescriptor* field) {
  if (field->message_type() == nullptr || field->is_repeated()) return nullptr;
  for (const Entry& entry : Registry()) {
    if (entry.type() == field->message_type()) return &entry;
  }
  return nullptr;
}

bool Fits(const Entry& entry, TargetKind target) {
  const std::vector<TargetKind>& targets = entry.traits.targets;
  return target == TargetKind::kUnknown || std::find(targets.begin(), targets.end(), target) != targets.end();
}

absl::string_view NameOf(TargetKind target) {
  switch (target) {
    case TargetKind::kClass:
      return "a class";
    case TargetKind::kNumber:
      return "a number";
    case TargetKind::kUnknown:
      break;
  }
  return "something unknown";
}

std::string PathOf(const FieldDescriptor* choice, absl::string_view path) {
  return absl::StrCat(path, ".", NameInPath(choice));
}

// "choose train.model.logistic={} or train.model.mlp.hidden_sizes=[64]": all that fit such data.
std::string Advice(const Message& config, TargetKind target, absl::string_view path) {
  std::vector<std::string> examples;
  for (const FieldDescriptor* choice : KnownChoices(config.GetDescriptor())) {
    const Entry* const entry = Find(choice);
    if (entry == nullptr || !Fits(*entry, target)) continue;
    examples.push_back(absl::StrCat(PathOf(choice, path), entry->traits.example));
  }
  return examples.empty() ? "link one that fits" : absl::StrCat("choose ", absl::StrJoin(examples, " or "));
}

// `does`: what its choices do with the target, "predicts".
void CheckChoice(const Message& config, const DataDescription& data, absl::string_view path, absl::string_view does,
                 ConfigProblems& problems) {
  const std::vector<const FieldDescriptor*> chosen = ChoicesMade(config);
  if (chosen.empty()) {
    problems.Add(absl::StrCat(path, " is not chosen; ", Advice(config, data.target, path)));
    return;
  }
  if (chosen.size() > 1) {
    std::vector<std::string> names;
    for (const FieldDescriptor* choice : chosen) names.push_back(NameInPath(choice));
    problems.Add(absl::StrCat(path, " holds ", absl::StrJoin(names, " and "), "; leave only one of them"));
    return;
  }
  const std::string chosen_path = PathOf(chosen[0], path);
  const Entry* const entry = Find(chosen[0]);
  if (entry == nullptr) {
    problems.Add(absl::StrCat(chosen_path,
                              " was never registered with its checks: link the library that has its "
                              "ConfigRegistration, with alwayslink (docs/own_model.md)"));
    return;
  }
  if (!Fits(*entry, data.target)) {
    const std::string targets = absl::StrJoin(entry->traits.targets, " or ", [](std::string* out, TargetKind target) {
      absl::StrAppend(out, NameOf(target));
    });
    problems.Add(absl::StrCat(chosen_path, " ", does, " ", targets, ", but the target is ", NameOf(data.target), " (",
                              data.said_by, "); ", Advice(config, data.target, path)));
  }
  entry->check(config.GetReflection()->GetMessage(config, chosen[0]), data, chosen_path, problems);
}

}  // namespace

void RegisterConfig(
    TypeOf type, ConfigTraits traits,
    std::function<void(const Message&, const DataDescription&, absl::string_view, ConfigProblems&)> check) {
  Registry().push_back({type, std::move(traits), std::move(check)});
}

void CheckModelConfig(const ModelConfig& config, const DataDescription& data, absl::string_view path,
                      ConfigProblems& problems) {
  CheckChoice(config, data, path, "predicts", problems);
}

void CheckCriterionConfig(const CriterionConfig& config, const DataDescription& data, absl::string_view path,
                          ConfigProblems& problems) {
  CheckChoice(config, data, path, "compares with", problems);
}

std::vector<MetricSpec> CriterionMetrics(const CriterionConfig& config) {
  for (const FieldDescriptor* choice : ChoicesMade(config)) {
    if (const Entry* const entry = Find(choice); entry != nullptr) return entry->traits.metrics;
  }
  return {};
}

ChosenConfig FindChosenConfig(const Message& config, absl::string_view path) {
  const FieldDescriptor* const choice = ChoicesMade(config).front();
  return {&config.GetReflection()->GetMessage(config, choice), PathOf(choice, path), Find(choice)->traits.code};
}

absl::Status NotLinked(const ChosenConfig& chosen) {
  return absl::InternalError(
      absl::StrCat(chosen.path, " is known to this program, but its code is not linked into it; add ",
                   chosen.code.empty() ? "the target that registers it" : chosen.code,
                   " to the deps of the program, or to `models` of baton_programs (docs/own_model.md)"));
}

DataDescription DescribeClasses(int64_t classes) {
  if (classes == 0) return {.target = TargetKind::kNumber, .said_by = "the dataset has no classes"};
  return {.target = TargetKind::kClass, .said_by = absl::StrCat("the dataset has ", classes, " classes")};
}

}  // namespace baton
