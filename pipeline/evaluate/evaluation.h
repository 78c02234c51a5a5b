#ifndef BATON_PIPELINE_EVALUATE_EVALUATION_H_
#define BATON_PIPELINE_EVALUATE_EVALUATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "metadata/metadata.pb.h"
#include "pipeline/evaluate/holdout.h"

namespace baton {

// What a model's outputs on the holdout say, free of torch.
struct Evaluation {
  // Of a classification.
  std::vector<int64_t> predicted_classes;
  // Of a regression, in the target's own units.
  std::vector<double> predictions;
};

// What `outputs` (as ComputeOutputs gives them) predict of each row: the class's number, or the number in the target's
// own units. OutOfRange if an output is not finite.
absl::StatusOr<std::vector<double>> PredictionsOf(const Holdout& holdout, const std::vector<float>& outputs);

// Turns `outputs` into predictions, and sets holdout_performance, baseline_performance and rows of `section`. The
// baseline is MeasurePrior() of the training split's class frequencies, or a model that always predicts its mean.
// InvalidArgument if an output is not finite.
absl::StatusOr<Evaluation> Evaluate(const Holdout& holdout, const std::vector<float>& outputs,
                                    EvaluateSection& section);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_EVALUATION_H_
