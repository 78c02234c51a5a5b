#include "metadata/inspect.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "base/command_table.h"
#include "base/status_macros.h"

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
Exit codes: 0 fine, 64 usage, 65 damaged or not whole, 66 no record or no such generation there, 74 cannot be read,
78 a newer program wrote it.
)";

}  // namespace

absl::Status Inspect(FileSystem& fs, const InspectOptions& options, std::string& output) {
  const std::vector<InspectCommand> commands = Commands();
  std::vector<std::string> flags;
  if (!options.head.empty()) flags.push_back("head");
  ASSIGN_OR_RETURN(const InspectCommand* const command,
                   FindCommand(commands, options.arguments, "a run directory", options.format, flags));
  return command->run(fs, options, output);
}

std::string InspectHelp() { return absl::StrCat(kIntroduction, CommandsHelp(Commands()), kClosing); }

}  // namespace baton
