#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/human.h"
#include "base/status_macros.h"
#include "metadata/change_json.h"
#include "metadata/inspect_command.h"
#include "metadata/page.h"
#include "metadata/record_argument.h"
#include "metadata/record_diff.h"
#include "nlohmann/json.hpp"

namespace baton {
namespace {

constexpr char kHelp[] =
    R"(Shows each field that differs between two records, by the names of metadata/metadata.proto, with its old
and new value: inputs and versions first, then results, and last circumstances (times, places, usage).
B as @GENERATION alone is a generation of A's run.

  inspect diff runs/iris runs/iris-tuned
  inspect diff runs/iris@3 @7)";

// Of more elements that only one side has, one line tells.
constexpr size_t kListedElements = 5;

struct Side {
  RecordArgument argument;
  Metadata record;
};

std::string DiffAsText(const Side& before, const Side& after, const std::vector<FieldChange>& changes) {
  Page page;
  page.Section("diff");
  for (const Side* side : {&before, &after}) {
    page.Value(side == &before ? "old" : "new",
               absl::StrCat(side->argument.run_dir, "  generation ", side->record.generation(), "  run ",
                            side->record.run().run_id(), "  ", HumanTime(side->record.committed_at())));
  }
  if (changes.empty()) page.Value("equal", "no field differs");
  const FieldChange* previous = nullptr;
  for (size_t i = 0; i < changes.size();) {
    const FieldChange& change = changes[i];
    if (previous == nullptr || previous->topic != change.topic) page.Section(TopicName(change.topic));
    previous = &change;
    size_t end = i + 1;
    while (end < changes.size() && !change.list.empty() && changes[end].list == change.list &&
           changes[end].after.has_value() == change.after.has_value()) {
      ++end;
    }
    if (end - i > kListedElements) {
      page.Value(change.list, absl::StrCat(end - i, change.after ? " added: " : " removed: ", change.field, " to ",
                                           changes[end - 1].field));
      i = end;
    } else {
      page.Value(change.field, ChangeText(change));
      ++i;
    }
  }
  return page.Text();
}

std::string DiffAsJson(const Side& before, const Side& after, const std::vector<FieldChange>& changes) {
  nlohmann::ordered_json json;
  for (const Side* side : {&before, &after}) {
    json[side == &before ? "before" : "after"] = {{"run_dir", side->argument.run_dir},
                                                  {"run_id", side->record.run().run_id()},
                                                  {"generation", side->record.generation()},
                                                  {"sha256", side->record.sha256()}};
  }
  json["changes"] = nlohmann::ordered_json::array();
  for (const FieldChange& change : changes) json["changes"].push_back(ChangeAsJson(change));
  return absl::StrCat(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace), "\n");
}

absl::Status Diff(FileSystem& fs, const InspectOptions& options, std::string& output) {
  const std::string& first = options.arguments[1];
  const std::string& second = options.arguments[2];
  Side before, after;
  ASSIGN_OR_RETURN(before.argument, ParseRecordArgument(first, options.working_folder));
  ASSIGN_OR_RETURN(after.argument,
                   ParseRecordArgument(absl::StartsWith(second, "@") ? before.argument.run_dir + second : second,
                                       options.working_folder));
  ASSIGN_OR_RETURN(before.record, ReadRecord(fs, before.argument));
  ASSIGN_OR_RETURN(after.record, ReadRecord(fs, after.argument));
  const std::vector<FieldChange> changes = DiffRecords(before.record, after.record);
  absl::StrAppend(&output,
                  options.format == "json" ? DiffAsJson(before, after, changes) : DiffAsText(before, after, changes));
  return absl::OkStatus();
}

}  // namespace

InspectCommand DiffCommand() {
  return {.name = "diff",
          .usage = "RUN_DIR[@GENERATION] RUN_DIR[@GENERATION]",
          .arguments = 2,
          .flags = {},
          .help = kHelp,
          .run = Diff};
}

}  // namespace baton
