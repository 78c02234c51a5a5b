#include "state/best.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

Measurement Epoch(uint64_t index, double loss, double accuracy) {
  Measurement epoch;
  epoch.set_epoch_index(index);
  epoch.set_step_index(10 * (index + 1));
  epoch.set_validation_loss(loss);
  (*epoch.mutable_validation_metrics())["accuracy"] = accuracy;
  return epoch;
}

// Indices of the epochs with these values, the best one first.
std::vector<uint64_t> Order(const std::vector<std::pair<double, double>>& losses_and_accuracies,
                            const std::string& selection_metric) {
  std::vector<Best> candidates;
  uint64_t index = 0;
  for (const auto& [loss, accuracy] : losses_and_accuracies) {
    const auto candidate = CandidateForBest(Epoch(index++, loss, accuracy), selection_metric);
    if (candidate.has_value()) candidates.push_back(*candidate);
  }
  // So that the order does not come from the one in which they were given.
  std::reverse(candidates.begin(), candidates.end());
  std::sort(candidates.begin(), candidates.end(), IsBetter);
  std::vector<uint64_t> order;
  for (const Best& candidate : candidates) order.push_back(candidate.epoch_index());
  return order;
}

TEST(Best, TheLowestLossOrTheHighestMetricAndOfEqualOnesTheEarlier) {
  const std::vector<std::pair<double, double>> epochs = {{3, 0.25}, {2, 0.5}, {2, 0.75}, {4, 0.75}};
  EXPECT_THAT(Order(epochs, "loss"), testing::ElementsAre(1, 2, 0, 3));
  EXPECT_THAT(Order(epochs, "accuracy"), testing::ElementsAre(2, 3, 1, 0));
}

TEST(Best, NotANumberIsNeverAmongTheBestAndInfinityIsTheLast) {
  const std::vector<std::pair<double, double>> epochs = {{NAN, 0.5}, {INFINITY, NAN}, {2, -INFINITY}};
  EXPECT_THAT(Order(epochs, "loss"), testing::ElementsAre(2, 1));
  EXPECT_THAT(Order(epochs, "accuracy"), testing::ElementsAre(0, 2));
}

TEST(Best, HoldsWhatItIsChosenBy) {
  const Measurement epoch = Epoch(6, 0.25, 0.75);
  const Best by_loss = CandidateForBest(epoch, "loss").value();
  EXPECT_EQ(by_loss.epoch_index(), 6);
  EXPECT_EQ(by_loss.step_index(), 70);
  EXPECT_EQ(by_loss.validation_loss(), 0.25);
  EXPECT_FALSE(by_loss.has_metric());
  const Best by_accuracy = CandidateForBest(epoch, "accuracy").value();
  EXPECT_EQ(by_accuracy.validation_loss(), 0.25);
  EXPECT_EQ(by_accuracy.metric(), 0.75);
  EXPECT_EQ(CandidateForBest(epoch, "recall"), std::nullopt);
  EXPECT_EQ(CandidateForBest(Measurement(), "loss"), std::nullopt);
  EXPECT_TRUE(IsBetter(by_accuracy, by_loss));
  EXPECT_FALSE(IsBetter(by_loss, by_accuracy));
}

}  // namespace
}  // namespace baton
