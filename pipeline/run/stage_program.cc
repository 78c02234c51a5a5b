#include "pipeline/run/stage_program.h"

#include <signal.h>
#include <string.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/status_macros.h"

namespace baton {
namespace {

// The status whose exit code is `exit_code`; Internal for a code that no stage returns.
absl::StatusCode CodeOf(int exit_code) {
  for (int code = 0; code <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++code) {
    if (ExitCode(absl::Status(static_cast<absl::StatusCode>(code), "")) == exit_code) {
      return static_cast<absl::StatusCode>(code);
    }
  }
  return absl::StatusCode::kInternal;
}

}  // namespace

absl::StatusOr<std::string> FindStageProgram(FileSystem& fs, const std::string& program, absl::string_view stage) {
  const std::string folder = ParentFolder(program);
  const std::string beside = JoinPath(ParentFolder(folder), absl::StrCat(stage, "/", stage));
  const std::string here = JoinPath(folder, stage);
  for (const std::string& path : {here, beside}) {
    struct stat file;
    if (fs.Stat(path, &file) == 0 && S_ISREG(file.st_mode)) return path;
  }
  return absl::NotFoundError(absl::StrCat("the program of ", stage, " is neither at ", here, " nor at ", beside,
                                          ": build it with bazel build //pipeline/", stage,
                                          ", or have all programs in one folder, as baton_programs makes them"));
}

absl::StatusOr<ChildEnd> RunStageProgram(FileSystem& fs, const std::string& program, absl::string_view stage,
                                         const std::vector<std::string>& arguments) {
  ASSIGN_OR_RETURN(std::string stage_program, FindStageProgram(fs, program, stage));
  std::vector<std::string> command = {std::move(stage_program)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunChild(command);
}

absl::Status StageStatus(absl::string_view stage, const ChildEnd& end) {
  if (end.signal == SIGTERM || end.signal == SIGINT || end.signal == SIGKILL) {
    return absl::CancelledError(absl::StrCat(
        stage, " was killed (", strsignal(end.signal), "); run the same command again to go on",
        end.signal == SIGKILL ? ". If nobody killed it, the machine was out of memory: the kernel's log says so" : ""));
  }
  if (end.signal != 0) return absl::InternalError(absl::StrCat(stage, " crashed (", strsignal(end.signal), ")"));
  if (end.exit_code == 0) return absl::OkStatus();
  const absl::StatusCode code = CodeOf(end.exit_code);
  if (code == absl::StatusCode::kCancelled) {
    return absl::CancelledError(absl::StrCat(stage, " was interrupted; run the same command again to go on"));
  }
  return absl::Status(code, absl::StrCat(stage, " ended with exit code ", end.exit_code));
}

}  // namespace baton
