#include "state/inspect.h"

#include "absl/strings/str_cat.h"
#include "base/command_table.h"
#include "base/status_macros.h"
#include "base/utf8.h"

namespace baton {
namespace {

constexpr char kIntroduction[] = R"(Looks at the snapshots of training.

PATH is a run directory, the folder of a train key in it, or a snapshot's folder. Where one snapshot is asked for, the
first two mean the highest step; of several train keys, of the one that the run's record names.

)";

constexpr char kClosing[] = R"(  --format=text|json
      json has the names of state/inspect.proto's fields; docs/inspect.md describes it.

Results go to stdout, messages to stderr.
Exit codes: 0 fine, 1 "diff" found a difference, 64 usage, 65 damaged, 66 no snapshot there, 69 training is running,
74 cannot be read, 78 of a format that this program does not read.
)";

// Names of the flags besides --format that were given.
std::vector<std::string> GivenFlags(const InspectSnapshotOptions& options) {
  std::vector<std::string> flags;
  if (options.fast) flags.push_back("fast");
  if (options.yes) flags.push_back("yes");
  if (options.keep_last.has_value()) flags.push_back("keep_last");
  if (options.keep_best.has_value()) flags.push_back("keep_best");
  if (options.keep_every_steps.has_value()) flags.push_back("keep_every_steps");
  return flags;
}

}  // namespace

std::vector<SnapshotCommand> ReadingCommands() {
  return {ListSnapshotsCommand(), ShowSnapshotCommand(), DiffSnapshotsCommand(), VerifySnapshotsCommand()};
}

absl::Status InspectSnapshots(FileSystem& fs, const std::vector<SnapshotCommand>& commands,
                              const InspectSnapshotOptions& options, InspectSnapshotAnswer& answer) {
  ASSIGN_OR_RETURN(const SnapshotCommand* const command,
                   FindCommand(commands, options.arguments, "a folder", options.format, GivenFlags(options)));
  const absl::Status status = command->run(fs, options, answer);
  // Names of folders and tensors are in it, and those may be anything; JSON has codes for them already.
  if (options.format != "json") answer.text = EscapeControl(answer.text, "\n");
  return status;
}

std::string InspectSnapshotsHelp(const std::vector<SnapshotCommand>& commands) {
  return absl::StrCat(kIntroduction, CommandsHelp(commands), kClosing);
}

}  // namespace baton
