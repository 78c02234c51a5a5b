#include "pipeline/evaluate/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace baton {
namespace {

absl::Status CheckRows(size_t rows, size_t others, absl::string_view what) {
  if (rows == 0) return absl::InvalidArgumentError("there are no rows to measure");
  if (rows == others) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("there are ", others, " ", what, " for ", rows, " rows"));
}

template <typename Number>
absl::Status CheckFinite(absl::Span<const Number> numbers, int64_t a_row, absl::string_view what) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (std::isfinite(numbers[i])) continue;
    return absl::InvalidArgumentError(absl::StrCat("the ", what, " of row ", i / a_row, " is ", numbers[i]));
  }
  return absl::OkStatus();
}

// Everything of a classification but the log loss.
absl::StatusOr<Performance> MeasurePredictions(absl::Span<const int64_t> targets, absl::Span<const int64_t> predictions,
                                               int64_t classes) {
  ASSIGN_OR_RETURN(const std::vector<uint64_t> matrix, ConfusionMatrix(targets, predictions, classes));
  uint64_t correct = 0;
  double f1_sum = 0;
  int64_t classes_that_occur = 0;
  for (int64_t c = 0; c < classes; ++c) {
    uint64_t as_target = 0;
    uint64_t as_prediction = 0;
    for (int64_t other = 0; other < classes; ++other) {
      as_target += matrix[c * classes + other];
      as_prediction += matrix[other * classes + c];
    }
    if (as_target + as_prediction == 0) continue;
    const uint64_t hits = matrix[c * classes + c];
    correct += hits;
    f1_sum += 2.0 * static_cast<double>(hits) / static_cast<double>(as_target + as_prediction);
    ++classes_that_occur;
  }
  const double rows = static_cast<double>(targets.size());
  Performance performance;
  performance.metrics["accuracy"] = static_cast<double>(correct) / rows;
  performance.metrics["macro_f1"] = f1_sum / static_cast<double>(classes_that_occur);
  performance.metrics["zero_one_loss"] = static_cast<double>(targets.size() - correct) / rows;
  return performance;
}

// -log softmax(scores)[target], from the highest score so that nothing overflows.
double LogLoss(absl::Span<const float> scores, int64_t target) {
  const double highest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (const float score : scores) sum += std::exp(score - highest);
  return std::log(sum) - (scores[target] - highest);
}

}  // namespace

std::vector<int64_t> PredictClasses(absl::Span<const float> scores, int64_t classes) {
  std::vector<int64_t> predictions(scores.size() / classes);
  for (size_t row = 0; row < predictions.size(); ++row) {
    const absl::Span<const float> of_row = scores.subspan(row * classes, classes);
    int64_t& best = predictions[row];
    for (int64_t c = 1; c < classes; ++c) {
      if (of_row[c] > of_row[best] || std::isnan(of_row[best])) best = c;
    }
  }
  return predictions;
}

absl::StatusOr<std::vector<uint64_t>> ConfusionMatrix(absl::Span<const int64_t> targets,
                                                      absl::Span<const int64_t> predictions, int64_t classes) {
  RETURN_IF_ERROR(CheckRows(targets.size(), predictions.size(), "predictions"));
  std::vector<uint64_t> matrix(classes * classes);
  for (size_t row = 0; row < targets.size(); ++row) {
    const auto [lower, upper] = std::minmax(targets[row], predictions[row]);
    if (lower < 0 || upper >= classes) {
      return absl::InvalidArgumentError(absl::StrCat("row ", row, " has target ", targets[row], " and prediction ",
                                                     predictions[row], ", but there are ", classes, " classes"));
    }
    ++matrix[targets[row] * classes + predictions[row]];
  }
  return matrix;
}

absl::StatusOr<Performance> MeasureClassification(absl::Span<const float> scores, int64_t classes,
                                                  absl::Span<const int64_t> targets) {
  if (classes <= 0) return absl::InvalidArgumentError("there are no classes");
  if (scores.size() != targets.size() * classes) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are ", scores.size(), " scores for ", targets.size(), " rows of ", classes, " classes"));
  }
  RETURN_IF_ERROR(CheckFinite(scores, classes, "score"));
  ASSIGN_OR_RETURN(Performance performance, MeasurePredictions(targets, PredictClasses(scores, classes), classes));
  double loss_sum = 0;
  for (size_t row = 0; row < targets.size(); ++row) {
    loss_sum += LogLoss(scores.subspan(row * classes, classes), targets[row]);
  }
  performance.metrics["log_loss"] = loss_sum / static_cast<double>(targets.size());
  return performance;
}

absl::StatusOr<Performance> MeasurePrior(absl::Span<const uint64_t> train_counts, absl::Span<const int64_t> targets) {
  uint64_t train_rows = 0;
  for (const uint64_t count : train_counts) train_rows += count;
  if (train_rows == 0) return absl::InvalidArgumentError("the training split has no rows");
  const int64_t majority = std::max_element(train_counts.begin(), train_counts.end()) - train_counts.begin();
  const std::vector<int64_t> predictions(targets.size(), majority);
  ASSIGN_OR_RETURN(Performance performance,
                   MeasurePredictions(targets, predictions, static_cast<int64_t>(train_counts.size())));
  double loss_sum = 0;
  for (const int64_t target : targets) {
    const double share = static_cast<double>(train_counts[target]) / static_cast<double>(train_rows);
    loss_sum -= std::log(std::max(share, std::numeric_limits<double>::epsilon()));
  }
  performance.metrics["log_loss"] = loss_sum / static_cast<double>(targets.size());
  return performance;
}

absl::StatusOr<Performance> MeasureRegression(absl::Span<const double> predictions, absl::Span<const double> targets) {
  RETURN_IF_ERROR(CheckRows(targets.size(), predictions.size(), "predictions"));
  RETURN_IF_ERROR(CheckFinite(predictions, 1, "prediction"));
  RETURN_IF_ERROR(CheckFinite(targets, 1, "target"));
  const double rows = static_cast<double>(targets.size());
  double target_sum = 0;
  for (const double target : targets) target_sum += target;
  const double mean = target_sum / rows;
  double square_sum = 0;
  double absolute_sum = 0;
  double deviation_sum = 0;
  for (size_t row = 0; row < targets.size(); ++row) {
    const double error = predictions[row] - targets[row];
    square_sum += error * error;
    absolute_sum += std::abs(error);
    deviation_sum += (targets[row] - mean) * (targets[row] - mean);
  }
  Performance performance;
  performance.metrics["mse"] = square_sum / rows;
  performance.metrics["rmse"] = std::sqrt(square_sum / rows);
  performance.metrics["mae"] = absolute_sum / rows;
  if (targets.size() < 2) return performance;
  // Asked of the targets themselves: the mean of equal numbers may be another one in its last bit.
  const bool constant = std::all_of(targets.begin(), targets.end(), [&](double t) { return t == targets[0]; });
  performance.metrics["r2"] = constant ? (square_sum == 0 ? 1.0 : 0.0) : 1 - square_sum / deviation_sum;
  return performance;
}

}  // namespace baton
