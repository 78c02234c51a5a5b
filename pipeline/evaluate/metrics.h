#ifndef BATON_PIPELINE_EVALUATE_METRICS_H_
#define BATON_PIPELINE_EVALUATE_METRICS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace baton {

// How good predictions are, as scikit-learn defines it, in double precision, every sum in the order of the rows. All
// functions are pure. InvalidArgument, naming the row where there is one, for: no rows, sizes that do not fit, a class
// outside 0 .. classes-1, a number that is not finite.

struct Performance {
  // By name. Of a classification "accuracy", "zero_one_loss", "log_loss" and "macro_f1"; of a regression "mse", "rmse",
  // "mae" and, from two rows on, "r2".
  std::map<std::string, double> metrics;
};

// Of `scores` (logits), `classes` a row.
//   accuracy   share of the rows whose predicted class is the target
//   zero_one_loss   share of the others
//   log_loss   mean of -log softmax(scores)[target], natural logarithm, not clipped
//   macro_f1   mean of 2 TP / (2 TP + FP + FN) over the classes that occur as a target or as a prediction, which is
//              f1_score(average="macro", zero_division=0)
absl::StatusOr<Performance> MeasureClassification(absl::Span<const float> scores, int64_t classes,
                                                  absl::Span<const int64_t> targets);

// The same of a model that knows nothing but how often each class occurs in the training split, which is
// DummyClassifier(strategy="prior"): it always predicts the most frequent class (the first of several), and each
// class's share is its probability. Its log loss clips probabilities to at least 2.2e-16, as log_loss() does, so that a
// class that training never saw does not make it infinite.
absl::StatusOr<Performance> MeasurePrior(absl::Span<const uint64_t> train_counts, absl::Span<const int64_t> targets);

// With e = prediction - target: mse = mean(e^2), rmse = sqrt(mse), mae = mean(|e|), r2 = 1 - sum(e^2) / sum((target -
// mean)^2). Where all targets are equal, r2 is 1 if every prediction is exact and else 0.
absl::StatusOr<Performance> MeasureRegression(absl::Span<const double> predictions, absl::Span<const double> targets);

// The class with the highest score in each row, the first of several; a NaN counts as the lowest. `scores` holds
// `classes` (> 0) a row.
std::vector<int64_t> PredictClasses(absl::Span<const float> scores, int64_t classes);

// Rows by target and prediction: [target * classes + prediction].
absl::StatusOr<std::vector<uint64_t>> ConfusionMatrix(absl::Span<const int64_t> targets,
                                                      absl::Span<const int64_t> predictions, int64_t classes);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_METRICS_H_
