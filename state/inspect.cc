#include "state/inspect.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/status_macros.h"

namespace baton {
namespace {

constexpr char kIntroduction[] = R"(Looks at the snapshots of training.

PATH is a run directory, the folder of a train key in it, or a snapshot's folder. Where one snapshot is asked for, the
first two mean the highest step; of several train keys, of that one whose newest snapshot was written last.

)";

constexpr char kClosing[] = R"(  --format=text|json
      json has the names of state/inspect.proto's fields; docs/inspect.md describes it.

Results go to stdout, messages to stderr.
Exit codes: 0 fine, 1 "diff" found a difference, 64 usage, 65 damaged, 66 no snapshot there, 69 training is running,
74 cannot be read, 78 of a format that this program does not read.
)";

std::string Usage(const SnapshotCommand& command) { return absl::StrCat("inspect ", command.name, " ", command.usage); }

absl::Status CheckFlags(const SnapshotCommand& command, const InspectSnapshotOptions& options) {
  const std::pair<const char*, bool> given[] = {
      {"fast", options.fast},
      {"yes", options.yes},
      {"keep_last", options.keep_last.has_value()},
      {"keep_best", options.keep_best.has_value()},
      {"keep_every_steps", options.keep_every_steps.has_value()},
  };
  for (const auto& [flag, is_given] : given) {
    if (!is_given || command.flags.contains(flag)) continue;
    return absl::InvalidArgumentError(absl::StrCat("--", flag, " is no flag of \"inspect ", command.name, "\""));
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<SnapshotCommand> ReadingCommands() {
  return {ListSnapshotsCommand(), ShowSnapshotCommand(), DiffSnapshotsCommand(), VerifySnapshotsCommand()};
}

absl::Status InspectSnapshots(FileSystem& fs, const std::vector<SnapshotCommand>& commands,
                              const InspectSnapshotOptions& options, InspectSnapshotAnswer& answer) {
  const std::string names = absl::StrJoin(
      commands, ", ", [](std::string* text, const SnapshotCommand& command) { absl::StrAppend(text, command.name); });
  if (options.arguments.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a command (", names, ") and a folder, as in: inspect show runs/iris"));
  }
  const auto command = std::find_if(commands.begin(), commands.end(),
                                    [&](const SnapshotCommand& one) { return one.name == options.arguments[0]; });
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
  RETURN_IF_ERROR(CheckFlags(*command, options));
  return command->run(fs, options, answer);
}

std::string InspectSnapshotsHelp(const std::vector<SnapshotCommand>& commands) {
  std::string help = kIntroduction;
  for (const SnapshotCommand& command : commands) {
    absl::StrAppend(&help, "  ", Usage(command), "\n      ",
                    absl::StrReplaceAll(command.help, {{"\n\n", "\n\n      "}, {"\n", "\n      "}}), "\n\n");
  }
  return absl::StrCat(help, kClosing);
}

}  // namespace baton
