#ifndef BATON_METADATA_INSPECT_COMMAND_H_
#define BATON_METADATA_INSPECT_COMMAND_H_

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/file_system.h"

namespace baton {

// What `inspect` can be told.
struct InspectOptions {
  // The command and what follows it: {"show", "runs/iris"}.
  std::vector<std::string> arguments;
  std::string format = "text";  // or "json"
  std::string head;
  // Folder that relative paths are relative to.
  std::string working_folder;
};

// One command of `inspect`, each in a file of its own.
struct InspectCommand {
  std::string name;
  // What is written behind the name, as in "RUN_DIR[@GENERATION]", and how many arguments that is.
  std::string usage;
  size_t arguments = 1;
  // Flags besides --format that it understands.
  std::set<std::string> flags;
  // What it does, for --help: lines without an indent.
  std::string help;
  // Appends the answer to `output`, in options.format, which was checked like the number of arguments and the flags.
  // Changes nothing in a run directory.
  absl::Status (*run)(FileSystem& fs, const InspectOptions& options, std::string& output) = nullptr;
};

InspectCommand ShowCommand();
InspectCommand DiffCommand();
InspectCommand HistoryCommand();
InspectCommand VerifyCommand();
InspectCommand ProvenanceCommand();

}  // namespace baton

#endif  // BATON_METADATA_INSPECT_COMMAND_H_
