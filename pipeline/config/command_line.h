#ifndef BATON_PIPELINE_CONFIG_COMMAND_LINE_H_
#define BATON_PIPELINE_CONFIG_COMMAND_LINE_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pipeline/config/stage_options.h"

namespace baton {

// The main() of a program that works on a run directory: RunProgram() of base/program.h with the flags --config,
// --run_dir and --start_over, and overrides as arguments. --help shows `usage`, which says what the program does, with
// examples, and then what all of them have in common. Call once, from main().
int RunMain(int argc, char** argv, absl::string_view usage,
            const std::function<absl::Status(const StageOptions& options)>& stage);

}  // namespace baton

#endif  // BATON_PIPELINE_CONFIG_COMMAND_LINE_H_
