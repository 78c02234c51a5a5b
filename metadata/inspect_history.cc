#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/human.h"
#include "base/progress.h"
#include "base/status_macros.h"
#include "google/protobuf/util/time_util.h"
#include "metadata/change_json.h"
#include "metadata/generation_folder.h"
#include "metadata/generations.h"
#include "metadata/inspect_command.h"
#include "metadata/record_argument.h"
#include "metadata/record_diff.h"
#include "nlohmann/json.hpp"

namespace baton {
namespace {

constexpr char kHelp[] =
    R"(Shows who changed what and when: one line a generation, with its number, its time, the stage that
committed it, the host and process of the stage's attempt, and the fields that changed; times and usage,
which change every time, are left out, and "inspect diff runs/iris@3 @4" shows all of one change. With
@GENERATION, up to that one.

  inspect history runs/iris
  inspect history runs/iris --format=json | jq -c '.generations[] | {generation, committed_by}')";

constexpr size_t kChangesALine = 4;

// The attempt that a generation was committed by.
const Attempt* Committer(const Metadata& record) {
  const StageRun& stage = record.committed_by() == "load"    ? record.load().stage()
                          : record.committed_by() == "train" ? record.train().stage()
                                                             : record.evaluate().stage();
  return stage.attempts().empty() ? nullptr : &*stage.attempts().rbegin();
}

// "train.stage.status RUNNING -> COMPLETE; train.history +3; ...", status first.
std::string Summary(std::vector<FieldChange> changes) {
  const auto is_status = [](const FieldChange& change) { return absl::EndsWith(change.field, ".stage.status"); };
  std::stable_partition(changes.begin(), changes.end(), is_status);
  std::vector<std::string> parts;
  for (size_t i = 0; i < changes.size();) {
    const FieldChange& change = changes[i];
    size_t end = i + 1;
    if (!change.list.empty()) {
      while (end < changes.size() && changes[end].list == change.list &&
             changes[end].after.has_value() == change.after.has_value()) {
        ++end;
      }
      parts.push_back(absl::StrCat(change.list, change.after ? " +" : " -", end - i));
    } else if (change.topic != FieldChange::Topic::kCircumstances) {
      parts.push_back(absl::StrCat(change.field, " ", ChangeText(change)));
    }
    i = end;
  }
  if (parts.empty()) return "usage measured again";
  if (parts.size() > kChangesALine) {
    const size_t more = parts.size() - kChangesALine;
    parts.resize(kChangesALine);
    parts.push_back(absl::StrCat("and ", more, " more"));
  }
  return absl::StrJoin(parts, "; ");
}

// One generation, or why it cannot be read, and what it changed.
struct Entry {
  uint64_t number = 0;
  absl::StatusOr<Metadata> record = absl::UnknownError("");
  std::vector<FieldChange> changes;
};

absl::Status Missing(const GenerationFolder::Range& range) {
  return absl::DataLossError(
      range.first == range.last
          ? absl::StrCat(GenerationName(range.first), " is missing")
          : absl::StrCat(GenerationName(range.first), " is missing, and all up to ", GenerationName(range.last)));
}

std::vector<std::string> EntryAsRow(const Entry& entry) {
  if (!entry.record.ok()) {
    return {absl::StrCat(entry.number), "", "", "", std::string(entry.record.status().message())};
  }
  const Metadata& record = *entry.record;
  const Attempt* const attempt = Committer(record);
  return {absl::StrCat(record.generation()), HumanTime(record.committed_at()), record.committed_by(),
          attempt == nullptr ? "" : absl::StrCat(attempt->host(), ":", attempt->pid()), Summary(entry.changes)};
}

nlohmann::ordered_json EntryAsJson(const Entry& entry) {
  nlohmann::ordered_json json = {{"generation", entry.number}};
  if (!entry.record.ok()) {
    json["error"] = std::string(entry.record.status().message());
    return json;
  }
  const Metadata& record = *entry.record;
  json["committed_at"] = google::protobuf::util::TimeUtil::ToString(record.committed_at());
  json["committed_by"] = record.committed_by();
  json["sha256"] = record.sha256();
  if (const Attempt* const attempt = Committer(record)) {
    json["attempt_id"] = attempt->attempt_id();
    json["host"] = attempt->host();
    json["pid"] = attempt->pid();
  }
  json["changes"] = nlohmann::ordered_json::array();
  for (const FieldChange& change : entry.changes) json["changes"].push_back(ChangeAsJson(change));
  return json;
}

struct Answer {
  std::string text;
  // Whether every generation is there and can be read.
  bool whole = true;
};

// NotFound also if a file was set aside in the middle of it.
absl::StatusOr<Answer> ReadHistory(FileSystem& fs, const RecordArgument& argument, bool as_json) {
  const std::string folder = MetadataFolder(argument.run_dir);
  ASSIGN_OR_RETURN(const GenerationFolder files, ListGenerations(fs, folder));
  if (files.generations.empty()) return absl::NotFoundError(absl::StrCat("no record in ", folder));
  const uint64_t last = argument.generation != 0 ? argument.generation : files.generations.back();
  if (last > files.generations.back()) {
    return absl::NotFoundError(absl::StrCat("no generation ", last, " of the record in ", folder,
                                            ": the newest is generation ", files.generations.back()));
  }
  std::vector<std::vector<std::string>> rows = {{"generation", "committed", "by", "process", "what changed"}};
  nlohmann::ordered_json json = {{"run_dir", argument.run_dir}, {"generations", nlohmann::ordered_json::array()}};
  Answer answer;
  const auto add = [&](const Entry& entry) {
    answer.whole = answer.whole && entry.record.ok();
    if (as_json) {
      json["generations"].push_back(EntryAsJson(entry));
    } else {
      rows.push_back(EntryAsRow(entry));
    }
  };
  Metadata before;
  Progress progress("history", "generations", files.generations.size());
  uint64_t done = 0;
  auto missing = files.missing.begin();
  for (const uint64_t number : files.generations) {
    for (; missing != files.missing.end() && missing->first < number && missing->first <= last; ++missing) {
      add({.number = missing->first, .record = Missing(*missing), .changes = {}});
    }
    if (number > last) break;
    Entry entry = {.number = number, .record = ReadGeneration(fs, folder, number), .changes = {}};
    if (!entry.record.ok() && !absl::IsDataLoss(entry.record.status())) return entry.record.status();
    if (entry.record.ok()) {
      entry.changes = DiffRecords(before, *entry.record);
      before = *entry.record;
    }
    add(entry);
    progress.Update(++done, "");
  }
  answer.text = as_json ? absl::StrCat(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace), "\n")
                        : AlignColumns(rows, 0, rows[0].size());
  return answer;
}

absl::Status History(FileSystem& fs, const InspectOptions& options, std::string& output) {
  ASSIGN_OR_RETURN(const RecordArgument argument, ParseRecordArgument(options.arguments[1], options.working_folder));
  ASSIGN_OR_RETURN(const Answer answer,
                   LookWhileOthersCommit([&] { return ReadHistory(fs, argument, options.format == "json"); }));
  absl::StrAppend(&output, answer.text);
  if (answer.whole) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the history of the record in ", MetadataFolder(argument.run_dir),
                                          " is not whole: \"inspect verify\" tells more"));
}

}  // namespace

InspectCommand HistoryCommand() {
  return {
      .name = "history", .usage = "RUN_DIR[@GENERATION]", .arguments = 1, .flags = {}, .help = kHelp, .run = History};
}

}  // namespace baton
