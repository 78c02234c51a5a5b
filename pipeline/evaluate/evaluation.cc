#include "pipeline/evaluate/evaluation.h"

#include <utility>

#include "base/status_macros.h"
#include "pipeline/evaluate/metrics.h"

namespace baton {
namespace {

void Fill(const Performance& model, const Performance& baseline, EvaluateSection& section) {
  section.mutable_holdout_performance()->insert(model.metrics.begin(), model.metrics.end());
  section.mutable_baseline_performance()->insert(baseline.metrics.begin(), baseline.metrics.end());
  section.set_avg_expected_loss(model.expected_loss);
}

}  // namespace

absl::StatusOr<Evaluation> Evaluate(const Holdout& holdout, const std::vector<float>& outputs,
                                    EvaluateSection& section) {
  section.set_rows(holdout.rows);
  Evaluation evaluation;
  if (holdout.classes > 0) {
    ASSIGN_OR_RETURN(const Performance model, MeasureClassification(outputs, holdout.classes, holdout.target_classes));
    ASSIGN_OR_RETURN(const Performance baseline, MeasurePrior(holdout.train_counts, holdout.target_classes));
    Fill(model, baseline, section);
    evaluation.predicted_classes = PredictClasses(outputs, holdout.classes);
    return evaluation;
  }
  for (const float output : outputs) {
    evaluation.predictions.push_back(output * holdout.target_scale + holdout.target_mean);
  }
  const std::vector<double> mean(holdout.rows, holdout.train_mean);
  ASSIGN_OR_RETURN(const Performance model, MeasureRegression(evaluation.predictions, holdout.targets));
  ASSIGN_OR_RETURN(const Performance baseline, MeasureRegression(mean, holdout.targets));
  Fill(model, baseline, section);
  return evaluation;
}

}  // namespace baton
