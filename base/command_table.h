#ifndef BATON_BASE_COMMAND_TABLE_H_
#define BATON_BASE_COMMAND_TABLE_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace baton {

// What programs share that do several things, as `inspect show` and `inspect diff`. A Command has:
//   name       "show"
//   usage      what is written behind the name, as in "RUN_DIR[@GENERATION]"
//   arguments  how many that is
//   flags      a set of the names of those besides --format that it understands
//   help       what it does: lines without an indent

template <typename Command>
std::string CommandUsage(const Command& command) {
  return absl::StrCat("inspect ", command.name, " ", command.usage);
}

// The command that `arguments` begin with, after checking their number, that --format is text or json, and that it
// understands each of `given_flags`. InvalidArgument says how it is called; `object` is what a command is asked about,
// as in "a run directory".
template <typename Command>
absl::StatusOr<const Command*> FindCommand(const std::vector<Command>& commands,
                                           const std::vector<std::string>& arguments, absl::string_view object,
                                           absl::string_view format, const std::vector<std::string>& given_flags) {
  const std::string names = absl::StrJoin(
      commands, ", ", [](std::string* text, const Command& command) { absl::StrAppend(text, command.name); });
  if (arguments.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a command (", names, ") and ", object, ", as in: inspect show runs/iris"));
  }
  const auto command =
      std::find_if(commands.begin(), commands.end(), [&](const Command& one) { return one.name == arguments[0]; });
  if (command == commands.end()) {
    return absl::InvalidArgumentError(absl::StrCat("unknown command \"", arguments[0], "\": expected one of ", names));
  }
  if (arguments.size() != command->arguments + 1) {
    return absl::InvalidArgumentError(absl::StrCat("\"inspect ", command->name, "\" got ", arguments.size() - 1,
                                                   " arguments, expected: ", CommandUsage(*command)));
  }
  if (format != "text" && format != "json") {
    return absl::InvalidArgumentError(absl::StrCat("--format is \"", format, "\": expected text or json"));
  }
  for (const std::string& flag : given_flags) {
    if (command->flags.contains(flag)) continue;
    return absl::InvalidArgumentError(absl::StrCat("--", flag, " is no flag of \"inspect ", command->name, "\""));
  }
  return &*command;
}

// For --help: every command with what it does.
template <typename Command>
std::string CommandsHelp(const std::vector<Command>& commands) {
  std::string help;
  for (const Command& command : commands) {
    absl::StrAppend(&help, "  ", CommandUsage(command), "\n      ",
                    absl::StrReplaceAll(command.help, {{"\n\n", "\n\n      "}, {"\n", "\n      "}}), "\n\n");
  }
  return help;
}

}  // namespace baton

#endif  // BATON_BASE_COMMAND_TABLE_H_
