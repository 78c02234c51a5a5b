#include "metadata/inspect.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace baton {
namespace {

std::vector<InspectCommand> Commands() {
  return {ShowCommand(), DiffCommand(), HistoryCommand(), VerifyCommand(), ProvenanceCommand()};
}

constexpr char kIntroduction[] =
    "Reads the record of a run: what went in, what came out, who made it, where and when.\n\n";

constexpr char kClosing[] = R"(  --format=text|json
      json has the names of metadata/metadata.proto's fields; docs/record.md describes the JSON of each command.

RUN_DIR@GENERATION is an older generation of the record, by its number: runs/iris@12. A folder whose own name ends in
such a number is written with a slash behind it.

Nothing in a run directory is changed. Results go to stdout, messages to stderr.
Exit codes: 0 fine, 64 usage, 65 damaged or not whole, 66 no record there, 74 cannot be read.
)";

std::string Usage(const InspectCommand& command) { return absl::StrCat("inspect ", command.name, " ", command.usage); }

absl::Status CheckFlag(const InspectCommand& command, const std::string& flag, bool given) {
  if (!given || command.flags.count(flag) > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--", flag, " is no flag of \"inspect ", command.name, "\""));
}

}  // namespace

absl::Status Inspect(FileSystem& fs, const InspectOptions& options, std::string& output) {
  const std::vector<InspectCommand> commands = Commands();
  const std::string names = absl::StrJoin(
      commands, ", ", [](std::string* text, const InspectCommand& command) { absl::StrAppend(text, command.name); });
  if (options.arguments.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a command (", names, ") and a run directory, as in: inspect show runs/iris"));
  }
  const auto command = std::find_if(commands.begin(), commands.end(),
                                    [&](const InspectCommand& one) { return one.name == options.arguments[0]; });
  if (command == commands.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown command \"", options.arguments[0], "\": expected one of ", names));
  }
  if (options.arguments.size() != command->arguments + 1) {
    return absl::InvalidArgumentError(absl::StrCat("\"inspect ", command->name, "\" got ", options.arguments.size() - 1,
                                                   " arguments, expected: ", Usage(*command)));
  }
  if (options.format != "text" && options.format != "json") {
    return absl::InvalidArgumentError(absl::StrCat("--format is \"", options.format, "\": expected text or json"));
  }
  absl::Status status = CheckFlag(*command, "head", !options.head.empty());
  return status.ok() ? command->run(fs, options, output) : status;
}

std::string InspectHelp() {
  std::string help = kIntroduction;
  for (const InspectCommand& command : Commands()) {
    absl::StrAppend(&help, "  ", Usage(command), "\n      ",
                    absl::StrReplaceAll(command.help, {{"\n\n", "\n\n      "}, {"\n", "\n      "}}), "\n\n");
  }
  return absl::StrCat(help, kClosing);
}

}  // namespace baton
