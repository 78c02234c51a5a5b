#ifndef BATON_METADATA_INSPECT_H_
#define BATON_METADATA_INSPECT_H_

#include <string>

#include "absl/status/status.h"
#include "base/file_system.h"
#include "metadata/inspect_command.h"

namespace baton {

// Does what options.arguments[0] names, after checking the number of arguments and the flags, and appends the answer to
// `output`. InvalidArgument says how a command is called; the other errors are the commands' own, and `output` may then
// say why. Changes nothing in a run directory.
absl::Status Inspect(FileSystem& fs, const InspectOptions& options, std::string& output);

// The text of --help: every command with what it does.
std::string InspectHelp();

}  // namespace baton

#endif  // BATON_METADATA_INSPECT_H_
