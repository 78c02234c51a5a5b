#ifndef BATON_BASE_PROGRAM_H_
#define BATON_BASE_PROGRAM_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace baton {

// What main() does in every program: starts logging, sets the flags, answers --help with `help` on stdout, or calls
// `body` with the arguments that are no flags, tells its error on stderr, and returns the exit code that fits
// (base/errors.h). An exception that comes out of `body`, or results that cannot be written to stdout, are errors too.
// Call once in a process, from main().
int RunProgram(int argc, char** argv, absl::string_view help,
               const std::function<absl::Status(const std::vector<std::string>& arguments)>& body);

}  // namespace baton

#endif  // BATON_BASE_PROGRAM_H_
