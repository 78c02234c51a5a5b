#ifndef BATON_STATE_INSPECT_H_
#define BATON_STATE_INSPECT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/file_system.h"
#include "state/inspect_command.h"

namespace baton {

// The commands that read snapshots: list, show, diff and verify. They change nothing.
std::vector<SnapshotCommand> ReadingCommands();

// Does what options.arguments[0] names, after checking the number of arguments and the flags. InvalidArgument says how
// a command is called; the other errors are the commands' own, and `answer` may then say why.
absl::Status InspectSnapshots(FileSystem& fs, const std::vector<SnapshotCommand>& commands,
                              const InspectSnapshotOptions& options, InspectSnapshotAnswer& answer);

// The text of --help: every command with what it does.
std::string InspectSnapshotsHelp(const std::vector<SnapshotCommand>& commands);

}  // namespace baton

#endif  // BATON_STATE_INSPECT_H_
