#include "base/program.h"

#include <cerrno>
#include <cstdio>
#include <exception>
#include <iostream>

#include "absl/strings/strip.h"
#include "base/command_line.h"
#include "base/errors.h"
#include "base/status_macros.h"
#include "base/stderr_log.h"
#include "glog/logging.h"

namespace baton {
namespace {

using Body = std::function<absl::Status(const std::vector<std::string>& arguments)>;

absl::Status CallBody(const Body& body, const std::vector<std::string>& arguments) {
  try {
    return body(arguments);
  } catch (const std::exception& exception) {
    const absl::Status status = StatusFromException(exception);
    return absl::IsInternal(status) ? Annotate(status, "a fault of this program") : status;
  }
}

absl::Status Run(int argc, char** argv, absl::string_view help, const Body& body) {
  ASSIGN_OR_RETURN(const CommandLine line, ParseCommandLine(argc, argv));
  if (!line.help) return CallBody(body, line.arguments);
  std::cout << absl::StripSuffix(help, "\n") << "\n";
  return absl::OkStatus();
}

// A full disk or a closed pipe behind stdout shows up here at the latest.
absl::Status FlushStdout() {
  errno = 0;
  std::cout.flush();
  const bool failed = std::fflush(stdout) != 0 || !std::cout || std::ferror(stdout) != 0;
  return failed ? IoError(errno != 0 ? errno : EIO, "write", "stdout") : absl::OkStatus();
}

}  // namespace

int RunProgram(int argc, char** argv, absl::string_view help, const Body& body) {
  LogToStderr(argv[0]);
  absl::Status status = Run(argc, argv, help, body);
  const absl::Status flushed = FlushStdout();
  if (status.ok()) status = flushed;
  if (absl::IsCancelled(status)) {
    // Nothing went wrong: somebody stopped it.
    LOG(WARNING) << status.message();
  } else if (!status.ok()) {
    LOG(ERROR) << status.message();
  }
  return ExitCode(status);
}

}  // namespace baton
