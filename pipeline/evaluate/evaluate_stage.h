#ifndef BATON_PIPELINE_EVALUATE_EVALUATE_STAGE_H_
#define BATON_PIPELINE_EVALUATE_EVALUATE_STAGE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipeline/config/stage_options.h"

namespace baton {

// The evaluate stage: measures the best or the last snapshot of train on load's holdout split, beside a baseline, and
// writes the record's evaluate section and the folder evaluate/KEY (evaluation_files.h). Load and train must be
// complete under the configuration: InvalidArgument says what to run first. DataLoss or NotFound if the snapshot or the
// holdout is damaged or gone, with the stage to run that makes it again. OK also if there was nothing to do.
absl::Status RunEvaluate(const StageOptions& options);

// The recorded result for people: a line a metric, with the baseline's value beside the model's.
absl::StatusOr<std::string> EvaluationResult(const StageOptions& options);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_EVALUATE_STAGE_H_
