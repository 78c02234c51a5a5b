#include "pipeline/evaluate/evaluation.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "pipeline/evaluate/metrics.h"

namespace baton {
namespace {

void Fill(const Performance& model, const Performance& baseline, EvaluateSection& section) {
  section.mutable_holdout_performance()->insert(model.metrics.begin(), model.metrics.end());
  section.mutable_baseline_performance()->insert(baseline.metrics.begin(), baseline.metrics.end());
}

std::vector<double> InItsOwnUnits(const Holdout& holdout, const std::vector<float>& outputs) {
  std::vector<double> values;
  values.reserve(outputs.size());
  for (const float output : outputs) values.push_back(output * holdout.target_scale + holdout.target_mean);
  return values;
}

}  // namespace

absl::StatusOr<std::vector<double>> PredictionsOf(const Holdout& holdout, const std::vector<float>& outputs) {
  const auto is_finite = [](float output) { return std::isfinite(output); };
  if (const auto bad = std::find_if_not(outputs.begin(), outputs.end(), is_finite); bad != outputs.end()) {
    return absl::OutOfRangeError(absl::StrCat("the model gives ", *bad,
                                              " for a row of the holdout: training diverged; lower "
                                              "train.optimizer.learning_rate or set train.clip_norm"));
  }
  if (holdout.classes == 0) return InItsOwnUnits(holdout, outputs);
  const std::vector<int64_t> classes = PredictClasses(outputs, holdout.classes);
  return std::vector<double>(classes.begin(), classes.end());
}

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
  evaluation.predictions = InItsOwnUnits(holdout, outputs);
  const std::vector<double> mean(holdout.rows, holdout.train_mean);
  ASSIGN_OR_RETURN(const Performance model, MeasureRegression(evaluation.predictions, holdout.targets));
  ASSIGN_OR_RETURN(const Performance baseline, MeasureRegression(mean, holdout.targets));
  Fill(model, baseline, section);
  return evaluation;
}

}  // namespace baton
