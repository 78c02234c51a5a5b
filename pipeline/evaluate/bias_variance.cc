#include "pipeline/evaluate/bias_variance.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace baton {
namespace {

// Of one row: what its rounds have predicted so far. Both have
//   void Add(double prediction);              one round more
//   Decomposition Parts() const;              of the rounds so far
//   Decomposition PartsWithout(double) const; of all but one that predicted this; at least two rounds
//   double Main() const;                      the main prediction

class ZeroOneRow {
 public:
  explicit ZeroOneRow(double target) : target_(target) {}

  void Add(double prediction) {
    const auto found = std::lower_bound(counts_.begin(), counts_.end(), prediction,
                                        [](const Count& count, double value) { return count.value < value; });
    if (found != counts_.end() && found->value == prediction) {
      ++found->rounds;
    } else {
      counts_.insert(found, {prediction, 1});
    }
    ++rounds_;
    main_ = MainOf(prediction, 0);
  }

  double Main() const { return main_.value; }
  Decomposition Parts() const { return PartsOf(rounds_, main_, wrong()); }

  Decomposition PartsWithout(double prediction) const {
    // To leave out another prediction than the main one changes nothing about which is the most frequent.
    return PartsOf(rounds_ - 1, prediction == main_.value ? MainOf(prediction, 1) : main_,
                   wrong() - (prediction == target_ ? 0 : 1));
  }

 private:
  struct Count {
    double value;
    int64_t rounds;
  };

  // The most frequent value, the smallest of several, if `less` of the rounds that predicted `value` are left out.
  Count MainOf(double value, int64_t less) const {
    Count main{0, -1};
    for (Count count : counts_) {
      if (count.value == value) count.rounds -= less;
      if (count.rounds > main.rounds) main = count;
    }
    return main;
  }

  int64_t wrong() const {
    for (const Count& count : counts_) {
      if (count.value == target_) return rounds_ - count.rounds;
    }
    return rounds_;
  }

  Decomposition PartsOf(int64_t rounds, const Count& main, int64_t wrong) const {
    const double all = static_cast<double>(rounds);
    return {.loss = static_cast<double>(wrong) / all,
            .bias = main.value == target_ ? 0.0 : 1.0,
            .variance = static_cast<double>(rounds - main.rounds) / all};
  }

  double target_;
  int64_t rounds_ = 0;
  std::vector<Count> counts_;  // by value, rising
  Count main_{};
};

// Welford's way, on the errors instead of the predictions: nothing is lost where both are large.
class SquaredRow {
 public:
  explicit SquaredRow(double target) : target_(target) {}

  void Add(double prediction) {
    const double error = prediction - target_;
    rounds_ += 1;
    const double before = mean_;
    mean_ += (error - before) / rounds_;
    squares_ += (error - before) * (error - mean_);
  }

  double Main() const { return target_ + mean_; }
  Decomposition Parts() const { return PartsOf(mean_, squares_ / rounds_); }

  Decomposition PartsWithout(double prediction) const {
    const double distance = prediction - target_ - mean_;
    const double squares = std::max(0.0, squares_ - distance * distance * rounds_ / (rounds_ - 1));
    return PartsOf(mean_ - distance / (rounds_ - 1), squares / (rounds_ - 1));
  }

 private:
  static Decomposition PartsOf(double mean_error, double variance) {
    return {.loss = mean_error * mean_error + variance, .bias = mean_error * mean_error, .variance = variance};
  }

  double target_;
  double rounds_ = 0;
  double mean_ = 0;     // of the errors
  double squares_ = 0;  // sum of squared distances of the errors from their mean
};

Decomposition Mean(const std::vector<Decomposition>& parts) {
  Decomposition sum;
  for (const Decomposition& part : parts) sum += part;
  const double count = static_cast<double>(parts.size());
  return {sum.loss / count, sum.bias / count, sum.variance / count};
}

// The jackknife's standard error from the estimates of all rounds but one each.
Decomposition StandardError(const std::vector<Decomposition>& without) {
  const double rounds = static_cast<double>(without.size());
  const auto error = [&](double Decomposition::*part) {
    // Measured from the first, so that what is always the same has no error at all.
    const double first = without.front().*part;
    double sum = 0, squares = 0;
    for (const Decomposition& parts : without) sum += parts.*part - first;
    for (const Decomposition& parts : without) {
      const double deviation = parts.*part - first - sum / rounds;
      squares += deviation * deviation;
    }
    return std::sqrt((rounds - 1) / rounds * squares);
  };
  return {error(&Decomposition::loss), error(&Decomposition::bias), error(&Decomposition::variance)};
}

template <typename Row>
BiasVariance DecomposeRows(absl::Span<const double> predictions, absl::Span<const double> targets) {
  const size_t count = targets.size();
  const size_t rounds = predictions.size() / count;
  std::vector<Row> rows(targets.begin(), targets.end());
  BiasVariance result;
  result.rows.resize(count);
  for (size_t round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < count; ++i) {
      rows[i].Add(predictions[round * count + i]);
      result.rows[i] = rows[i].Parts();
    }
    result.by_rounds.push_back(Mean(result.rows));
  }
  result.mean = result.by_rounds.back();
  for (const Row& row : rows) result.main_predictions.push_back(row.Main());
  if (rounds < 2) return result;

  std::vector<Decomposition> without;
  std::vector<Decomposition> parts(count);
  for (size_t round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < count; ++i) parts[i] = rows[i].PartsWithout(predictions[round * count + i]);
    without.push_back(Mean(parts));
  }
  result.standard_error = StandardError(without);
  return result;
}

absl::Status CheckNumbers(Loss loss, absl::Span<const double> numbers, size_t rows, absl::string_view what) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    const double number = numbers[i];
    const bool fits = loss == Loss::kSquared ? std::isfinite(number)
                                             : number >= 0 && number <= std::numeric_limits<int32_t>::max() &&
                                                   number == std::floor(number);
    if (fits) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        what, " of row ", i % rows, what == "the prediction" ? absl::StrCat(" in round ", i / rows) : "", " is ",
        number, "; expected ", loss == Loss::kSquared ? "a finite number" : "a class number, 0 or more"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BiasVariance> Decompose(Loss loss, absl::Span<const double> predictions,
                                       absl::Span<const double> targets) {
  if (targets.empty()) return absl::InvalidArgumentError("there are no rows to decompose the loss of");
  if (predictions.empty() || predictions.size() % targets.size() != 0) {
    return absl::InvalidArgumentError(absl::StrCat(predictions.size(), " predictions are no rounds of ", targets.size(),
                                                   " rows; expected at least one round, each of all rows"));
  }
  RETURN_IF_ERROR(CheckNumbers(loss, targets, targets.size(), "the target"));
  RETURN_IF_ERROR(CheckNumbers(loss, predictions, targets.size(), "the prediction"));
  return loss == Loss::kZeroOne ? DecomposeRows<ZeroOneRow>(predictions, targets)
                                : DecomposeRows<SquaredRow>(predictions, targets);
}

}  // namespace baton
