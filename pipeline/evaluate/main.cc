#include <iostream>

#include "absl/flags/flag.h"
#include "base/status_macros.h"
#include "pipeline/config/command_line.h"
#include "pipeline/evaluate/evaluate_stage.h"

ABSL_FLAG(bool, print_table, true, "print the metrics");

namespace {

constexpr char kUsage[] =
    R"(Measures a trained model on the holdout rows, which training never saw, beside a baseline that knows only how often
each class occurs, or the mean. Load and train must be complete.

  bazel run //pipeline/evaluate -- --run_dir=runs/x
  bazel run //pipeline/evaluate -- --run_dir=runs/x evaluate.snapshot=LAST

The metrics go to stdout as a table (not with --noprint_table) and into the record; predictions and a report for the browser into
RUN_DIR/evaluate/KEY. An evaluation that is complete is not repeated.)";

absl::Status Run(const baton::StageOptions& options) {
  RETURN_IF_ERROR(baton::RunEvaluate(options));
  if (!absl::GetFlag(FLAGS_print_table)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string table, baton::EvaluationResult(options));
  std::cout << table;
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) { return baton::RunMain(argc, argv, kUsage, Run); }
