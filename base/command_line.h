#ifndef BATON_BASE_COMMAND_LINE_H_
#define BATON_BASE_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace baton {

struct CommandLine {
  // Whether --help was among the arguments.
  bool help = false;
  // Everything that is no flag, in order; all of what follows "--".
  std::vector<std::string> arguments;
};

// Sets the program's abseil flags from `--name=value`, `--name value` and, where the flag is a bool, `--name` and
// `--noname`. Unlike absl::ParseCommandLine, which ends the process with exit code 1, it returns what is wrong: an
// unknown flag (the nearest known one is suggested), one without its value, or a value that is none of the flag's type
// is InvalidArgument, and what stood before it is set.
absl::StatusOr<CommandLine> ParseCommandLine(int argc, char** argv);

// $BUILD_WORKING_DIRECTORY, which `bazel run` sets to where the user stands, else the current folder. Relative paths
// on a command line are relative to it.
std::string WorkingFolder();

}  // namespace baton

#endif  // BATON_BASE_COMMAND_LINE_H_
