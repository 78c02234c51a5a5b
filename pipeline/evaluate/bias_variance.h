#ifndef BATON_PIPELINE_EVALUATE_BIAS_VARIANCE_H_
#define BATON_PIPELINE_EVALUATE_BIAS_VARIANCE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace baton {

// The bias-variance decomposition of the loss of a way to train, from what its models predict that were each trained on
// a bootstrap sample of their own ("rounds"). It is that of mlxtend's bias_variance_decomp; docs/evaluation.md has the
// definitions and a worked example. All sums are in double, in the order of rounds and rows. Pure functions.

enum class Loss {
  // Predictions and targets are class numbers. Of a row, the main prediction is the class that most rounds predict,
  // the smallest of several; bias is whether it is wrong, variance the share of rounds that predict another class. The
  // loss is not their sum in general.
  kZeroOne,
  // The main prediction is the rounds' mean; bias is the square of its error, variance the mean squared distance to it
  // (divided by the number of rounds). The loss is their sum.
  kSquared,
};

struct Decomposition {
  double loss = 0;
  double bias = 0;
  double variance = 0;

  Decomposition& operator+=(const Decomposition& other) {
    loss += other.loss;
    bias += other.bias;
    variance += other.variance;
    return *this;
  }
};

struct BiasVariance {
  // Means over the rows.
  Decomposition mean;
  // The jackknife over the rounds: how much `mean` would vary with other bootstrap samples. It says nothing of other
  // training or holdout rows. Absent with one round.
  std::optional<Decomposition> standard_error;
  // Of each row: its parts, and its main prediction.
  std::vector<Decomposition> rows;
  std::vector<double> main_predictions;
  // `mean` of the first round, of the first two, and so on.
  std::vector<Decomposition> by_rounds;
};

// `predictions` holds those of round 0 for all rows, then those of round 1 ... InvalidArgument, naming round and row
// where there is one, for: no rounds or no rows, a number that is not finite, and under kZeroOne one that is no class
// number (whole, 0 to 2^31 - 1).
absl::StatusOr<BiasVariance> Decompose(Loss loss, absl::Span<const double> predictions,
                                       absl::Span<const double> targets);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_BIAS_VARIANCE_H_
