#ifndef BATON_PIPELINE_RUN_STAGE_PROGRAM_H_
#define BATON_PIPELINE_RUN_STAGE_PROGRAM_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"
#include "pipeline/run/child_process.h"

namespace baton {

// The program of a stage: STAGE in the folder of `program`, as baton_programs makes them in a user's package and as
// they are when they were copied together; else ../STAGE/STAGE from there, as Bazel builds Baton's own.
absl::StatusOr<std::string> FindStageProgram(FileSystem& fs, const std::string& program, absl::string_view stage);

// Runs it as a child process (pipeline/run/child_process.h) to its end. `program` is this program's own file.
absl::StatusOr<ChildEnd> RunStageProgram(FileSystem& fs, const std::string& program, absl::string_view stage,
                                         const std::vector<std::string>& arguments);

// What a stage's end means. The error of one that failed has the stage's exit code, and the stage itself has said why;
// Cancelled if a signal stopped it.
absl::Status StageStatus(absl::string_view stage, const ChildEnd& end);

}  // namespace baton

#endif  // BATON_PIPELINE_RUN_STAGE_PROGRAM_H_
