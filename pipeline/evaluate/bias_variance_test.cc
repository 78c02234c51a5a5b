#include "pipeline/evaluate/bias_variance.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <string>

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace baton {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

using Rounds = std::vector<std::vector<double>>;

absl::StatusOr<BiasVariance> DecomposeRounds(Loss loss, const Rounds& rounds, const std::vector<double>& targets) {
  std::vector<double> predictions;
  for (const auto& round : rounds) predictions.insert(predictions.end(), round.begin(), round.end());
  return Decompose(loss, predictions, targets);
}

struct Exact {
  Loss loss;
  Rounds rounds;
  std::vector<double> targets;
  Decomposition expected;
};

// Worked out with fractions.
const std::vector<Exact>& ExactCases() {
  static const std::vector<Exact>& cases = *new std::vector<Exact>{
      {Loss::kSquared, {{1, 3}, {2, 5}, {4, 7}}, {2, 4}, {8. / 3, 5. / 9, 19. / 9}},
      {Loss::kSquared, {{1, 1}}, {0, 1}, {0.5, 0.5, 0}},
      // A sum of squares minus the square of a sum would lose it.
      {Loss::kSquared, {{100000001}, {99999999}}, {100000000}, {1, 0, 1}},
      {Loss::kSquared, {{0.5}, {0.5}}, {0.5}, {0, 0, 0}},
      {Loss::kZeroOne, {{0, 1}, {1, 1}, {1, 0}}, {0, 1}, {0.5, 0.5, 1. / 3}},
      // A tie: the smallest class is the main prediction, whichever came first.
      {Loss::kZeroOne, {{0}, {1}}, {1}, {0.5, 1, 0.5}},
      {Loss::kZeroOne, {{1}, {0}}, {1}, {0.5, 1, 0.5}},
      {Loss::kZeroOne, {{2}, {1}, {2}, {1}}, {2}, {0.5, 1, 0.5}},
      {Loss::kZeroOne, {{0}}, {1}, {1, 1, 0}},
      {Loss::kZeroOne, {{1}, {2}, {0}}, {0}, {2. / 3, 0, 2. / 3}},
      {Loss::kZeroOne,
       {{1}, {1}, {1}, {1}, {1}, {1}, {1}, {1}, {1}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}},
       {1},
       {11. / 20, 1, 9. / 20}},
  };
  return cases;
}

TEST(BiasVariance, IsExactInAnyOrderOfRoundsAndRows) {
  for (const Exact& exact : ExactCases()) {
    Rounds rounds = exact.rounds;
    std::vector<double> targets = exact.targets;
    for (int turn = 0; turn < 4; ++turn) {
      ASSERT_OK_AND_ASSIGN(const BiasVariance result, DecomposeRounds(exact.loss, rounds, targets));
      EXPECT_NEAR(result.mean.loss, exact.expected.loss, 1e-15);
      EXPECT_NEAR(result.mean.bias, exact.expected.bias, 1e-15);
      EXPECT_NEAR(result.mean.variance, exact.expected.variance, 4e-15);
      if (exact.loss == Loss::kSquared) {
        EXPECT_NEAR(result.mean.loss, result.mean.bias + result.mean.variance, 1e-15);
      }
      std::rotate(rounds.begin(), rounds.begin() + 1, rounds.end());
      if (turn % 2 == 1) {
        std::reverse(targets.begin(), targets.end());
        for (auto& round : rounds) std::reverse(round.begin(), round.end());
      }
    }
  }
}

TEST(BiasVariance, ZeroOneLossDoesNotAddUp) {
  // Where the majority is wrong, a round that differs from it is right: variance lowers the loss.
  ASSERT_OK_AND_ASSIGN(const BiasVariance result, DecomposeRounds(Loss::kZeroOne, {{0}, {0}, {1}}, {1}));
  EXPECT_DOUBLE_EQ(result.mean.loss, 2. / 3);
  EXPECT_DOUBLE_EQ(result.mean.bias, 1);
  EXPECT_DOUBLE_EQ(result.mean.variance, 1. / 3);
}

TEST(BiasVariance, EqualsMlxtend) {
  std::ifstream file("pipeline/evaluate/testdata/mlxtend_reference.json");
  const auto reference = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  for (const auto& [name, loss] : {std::pair("zero_one", Loss::kZeroOne), std::pair("squared", Loss::kSquared)}) {
    ASSERT_TRUE(reference.contains(name)) << name;
    const auto& expected = reference[name];
    const Rounds rounds = expected["predictions"];
    ASSERT_EQ(rounds.size(), 25);
    ASSERT_OK_AND_ASSIGN(const BiasVariance result, DecomposeRounds(loss, rounds, expected["targets"]));
    const auto near = [](double value, double other) { EXPECT_NEAR(value, other, 1e-12 * std::max(1.0, other)); };
    near(result.mean.loss, expected["loss"]);
    near(result.mean.bias, expected["bias"]);
    near(result.mean.variance, expected["variance"]);
    EXPECT_GT(result.mean.bias, 0);
    EXPECT_GT(result.mean.variance, 0);
  }
}

TEST(BiasVariance, RowsSayWhereAndRoundsHowItSettles) {
  const Rounds rounds = {{0, 1}, {1, 1}, {1, 0}};
  ASSERT_OK_AND_ASSIGN(const BiasVariance result, DecomposeRounds(Loss::kZeroOne, rounds, {0, 1}));
  EXPECT_THAT(result.main_predictions, ElementsAre(1, 1));
  EXPECT_DOUBLE_EQ(result.rows[0].loss, 2. / 3);
  EXPECT_DOUBLE_EQ(result.rows[0].bias, 1);
  EXPECT_DOUBLE_EQ(result.rows[0].variance, 1. / 3);
  EXPECT_DOUBLE_EQ(result.rows[1].loss, 1. / 3);
  EXPECT_DOUBLE_EQ(result.rows[1].bias, 0);
  ASSERT_EQ(result.by_rounds.size(), 3);
  // Of the first round alone, and of the first two, a tie in the first row.
  EXPECT_DOUBLE_EQ(result.by_rounds[0].loss, 0);
  EXPECT_DOUBLE_EQ(result.by_rounds[0].variance, 0);
  EXPECT_DOUBLE_EQ(result.by_rounds[1].loss, 0.25);
  EXPECT_DOUBLE_EQ(result.by_rounds[1].bias, 0);
  EXPECT_DOUBLE_EQ(result.by_rounds[1].variance, 0.25);
  EXPECT_DOUBLE_EQ(result.by_rounds[2].loss, result.mean.loss);
}

// As the definition says, by leaving out each round and doing it all again.
TEST(BiasVariance, TheStandardErrorIsTheJackknifes) {
  std::ifstream file("pipeline/evaluate/testdata/mlxtend_reference.json");
  const auto reference = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  for (const auto& [name, loss] : {std::pair("zero_one", Loss::kZeroOne), std::pair("squared", Loss::kSquared)}) {
    const Rounds rounds = reference[name]["predictions"];
    const std::vector<double> targets = reference[name]["targets"];
    std::vector<std::vector<double>> estimates(3);
    for (size_t left_out = 0; left_out < rounds.size(); ++left_out) {
      Rounds others = rounds;
      others.erase(others.begin() + left_out);
      ASSERT_OK_AND_ASSIGN(const BiasVariance without, DecomposeRounds(loss, others, targets));
      estimates[0].push_back(without.mean.loss);
      estimates[1].push_back(without.mean.bias);
      estimates[2].push_back(without.mean.variance);
    }
    const auto error = [](const std::vector<double>& values) {
      const double count = static_cast<double>(values.size());
      const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
      double squares = 0;
      for (const double value : values) squares += (value - mean) * (value - mean);
      return std::sqrt((count - 1) / count * squares);
    };
    ASSERT_OK_AND_ASSIGN(const BiasVariance result, DecomposeRounds(loss, rounds, targets));
    ASSERT_TRUE(result.standard_error.has_value());
    EXPECT_GT(error(estimates[1]), 0) << name;
    EXPECT_NEAR(result.standard_error->loss, error(estimates[0]), 1e-9 * error(estimates[0]));
    EXPECT_NEAR(result.standard_error->bias, error(estimates[1]), 1e-9 * error(estimates[1]));
    EXPECT_NEAR(result.standard_error->variance, error(estimates[2]), 1e-9 * error(estimates[2]));
  }
}

// To the bit, where a mean of equal numbers may be another one.
TEST(BiasVariance, WhatIsAlwaysTheSameHasNoError) {
  const Rounds rounds(7, {0, 1, 1});
  ASSERT_OK_AND_ASSIGN(const BiasVariance result, DecomposeRounds(Loss::kZeroOne, rounds, {1, 1, 1}));
  EXPECT_DOUBLE_EQ(result.mean.bias, 1. / 3);
  EXPECT_EQ(result.standard_error->loss, 0);
  EXPECT_EQ(result.standard_error->bias, 0);
  EXPECT_EQ(result.standard_error->variance, 0);
}

// The jackknife of a mean is s / sqrt(n): so is the loss's, which is a mean over rounds.
TEST(BiasVariance, TheStandardErrorOfTheLossByHand) {
  // Losses of the rounds: 0, 1/2, 1; s = 1/2.
  ASSERT_OK_AND_ASSIGN(const BiasVariance result, DecomposeRounds(Loss::kZeroOne, {{1, 1}, {1, 0}, {0, 0}}, {1, 1}));
  EXPECT_NEAR(result.standard_error->loss, 0.5 / std::sqrt(3.0), 1e-15);
  ASSERT_OK_AND_ASSIGN(const BiasVariance one, DecomposeRounds(Loss::kZeroOne, {{1, 0}}, {1, 1}));
  EXPECT_FALSE(one.standard_error.has_value());
  EXPECT_EQ(one.mean.variance, 0);
}

TEST(BiasVariance, WhatIsNoPredictionIsRefused) {
  EXPECT_THAT(DecomposeRounds(Loss::kSquared, {{1, 2}}, {}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no rows")));
  EXPECT_THAT(DecomposeRounds(Loss::kSquared, {}, {1}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at least one round")));
  EXPECT_THAT(DecomposeRounds(Loss::kSquared, {{1, 2, 3}}, {1, 2}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("3 predictions are no rounds of 2 rows")));
  EXPECT_THAT(DecomposeRounds(Loss::kSquared, {{1, 2}, {1, NAN}}, {1, 2}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("row 1"), HasSubstr("round 1"))));
  EXPECT_THAT(DecomposeRounds(Loss::kZeroOne, {{0, 1.5}}, {0, 1}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is 1.5; expected a class number")));
  EXPECT_THAT(DecomposeRounds(Loss::kZeroOne, {{0, 1}}, {0, -1}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("the target of row 1 is -1")));
}

}  // namespace
}  // namespace baton
