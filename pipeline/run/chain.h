#ifndef BATON_PIPELINE_RUN_CHAIN_H_
#define BATON_PIPELINE_RUN_CHAIN_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipeline/config/stage_options.h"

namespace baton {

// Runs load, train and evaluate as processes, one after another: each is skipped where it is complete, else started.
// What is wrong with the configuration, and the refusal to abandon unfinished training, are found before anything is
// written; then the configuration is saved and the stages are given the run directory alone. If the first that is
// started refuses the configuration (exit code 64), the one that was saved before is put back. When nothing is left to
// do nothing is written but the cache of digests.
//
// `program` is this program's own file, beside which the stages' are. On success `summary` is what to show.
//
// The error of a stage that failed has the stage's exit code. Cancelled if a signal asked to stop; Unavailable if
// another process is at work in the run directory.
absl::Status RunChain(const StageOptions& options, const std::string& program, std::string& summary);

// What RunChain would do with each stage, a line or more each, or the error that it would return. Nothing is
// written.
absl::StatusOr<std::string> DryRun(const StageOptions& options);

}  // namespace baton

#endif  // BATON_PIPELINE_RUN_CHAIN_H_
