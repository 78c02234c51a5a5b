#include "state/retention.h"

#include <algorithm>
#include <limits>
#include <map>

#include "base/testing/status_matchers.h"
#include "state/best.h"

namespace baton {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Training {
  History history;
  TrainingProgress progress;
};

// At the end of an epoch: the epochs took 10 steps each and had these validation losses.
Training AfterEpochs(const std::vector<double>& losses) {
  Training training;
  for (const double loss : losses) {
    Measurement measurement;
    measurement.set_step_index(10 * (training.history.size() + 1));
    measurement.set_validation_loss(loss);
    (*measurement.mutable_validation_metrics())["accuracy"] = loss / 10;  // the other way round
    training.history.Add(measurement);
  }
  training.progress.set_step_index(10 * losses.size());
  return training;
}

std::vector<uint64_t> BestSteps(const Training& training, const RetentionPolicy& policy) {
  return BestSteps(training.history, training.progress, policy);
}

bool MustBeKept(const Training& training, const RetentionPolicy& policy) {
  return MustBeKept(training.history, training.progress, policy);
}

std::vector<uint64_t> Removed(const std::vector<uint64_t>& steps, const Training& training,
                              const RetentionPolicy& policy, const std::map<uint64_t, uint64_t>& best_of = {}) {
  const auto removed = StepsToRemove(steps, training.history, training.progress, policy,
                                     [&](uint64_t step) -> absl::StatusOr<std::optional<uint64_t>> {
                                       const auto found = best_of.find(step);
                                       if (found == best_of.end()) return std::nullopt;
                                       return found->second;
                                     });
  EXPECT_THAT(removed, IsOk());
  return *removed;
}

TEST(BestSteps, LowestLossOrHighestMetric) {
  const Training training = AfterEpochs({5, 3, 4, 3, 1});
  EXPECT_THAT(BestSteps(training, {.keep_best = 1}), ElementsAre(50));
  EXPECT_THAT(BestSteps(training, {.keep_best = 3}), ElementsAre(50, 20, 40)) << "of equal ones the earlier first";
  EXPECT_THAT(BestSteps(training, {.keep_best = 2, .selection_metric = "accuracy"}), ElementsAre(10, 30));
  EXPECT_THAT(BestSteps(training, {.keep_best = 9}), ElementsAre(50, 20, 40, 30, 10));
}

TEST(BestSteps, ThoseThatDoNotSayAreLeftOut) {
  Training training = AfterEpochs({5, std::numeric_limits<double>::quiet_NaN()});
  Measurement without;
  without.set_step_index(30);
  training.history.Add(without);
  EXPECT_THAT(BestSteps(training, {.keep_best = 3}), ElementsAre(10));
  EXPECT_THAT(BestSteps(training, {.keep_best = 2, .selection_metric = "recall"}), IsEmpty());
  EXPECT_THAT(BestSteps(Training(), {}), IsEmpty());
}

TEST(BestSteps, WhatMeantSomethingElseIsLeftOut) {
  Training training = AfterEpochs({1, 2, 4, 3});
  training.progress.set_best_since_step(20);
  EXPECT_THAT(BestSteps(training, {.keep_best = 3}), ElementsAre(40, 30));
}

// Against the order that IsBetter() gives, over more than one segment, with many equal ones.
TEST(BestSteps, AreThoseThatIsBetterPutsFirst) {
  std::vector<double> losses;
  for (int i = 0; i < 700; ++i) losses.push_back((i * 7919) % 50);
  const Training training = AfterEpochs(losses);
  for (const std::string metric : {"loss", "accuracy"}) {
    std::vector<Best> candidates;
    for (const Measurement& measurement : training.history)
      candidates.push_back(*CandidateForBest(measurement, metric));
    std::sort(candidates.begin(), candidates.end(), IsBetter);
    for (const size_t count : {1, 2, 30, 700, 800}) {
      std::vector<uint64_t> expected;
      for (size_t i = 0; i < std::min(count, candidates.size()); ++i) expected.push_back(candidates[i].step_index());
      EXPECT_EQ(BestSteps(training, {.keep_best = count, .selection_metric = metric}), expected);
    }
  }
}

TEST(MustBeKept, AnEpochAmongTheBestAndMultiples) {
  EXPECT_TRUE(MustBeKept(AfterEpochs({3, 2}), {.keep_best = 1}));
  EXPECT_FALSE(MustBeKept(AfterEpochs({2, 3}), {.keep_best = 1}));
  EXPECT_FALSE(MustBeKept(AfterEpochs({2, 2}), {.keep_best = 1})) << "the earlier one is the best";
  EXPECT_TRUE(MustBeKept(AfterEpochs({2, 3}), {.keep_best = 2}));
  Training amended = AfterEpochs({2, 3});
  amended.progress.mutable_best()->set_step_index(20);
  EXPECT_TRUE(MustBeKept(amended, {.keep_best = 1})) << "it must be there, since the State names it";
  Training within = AfterEpochs({3, 2});
  within.progress.set_step_index(24);
  EXPECT_FALSE(MustBeKept(within, {.keep_best = 2})) << "in the middle of the next epoch";
  EXPECT_TRUE(MustBeKept(within, {.keep_every_steps = 12}));
  EXPECT_FALSE(MustBeKept(within, {.keep_every_steps = 10}));
}

TEST(StepsToRemove, AllButTheNewestAndTheBest) {
  const std::vector<uint64_t> steps = {5, 10, 15, 20, 25, 30, 35, 40};
  const Training training = AfterEpochs({4, 1, 3, 2});
  EXPECT_THAT(Removed(steps, training, {.keep_last = 1, .keep_best = 1}), ElementsAre(5, 10, 15, 25, 30, 35));
  EXPECT_THAT(Removed(steps, training, {.keep_last = 3, .keep_best = 3}), ElementsAre(5, 10, 15, 25));
  EXPECT_THAT(Removed(steps, training, {.keep_last = 1, .keep_best = 1, .selection_metric = "accuracy"}),
              ElementsAre(5, 15, 20, 25, 30, 35));
  EXPECT_THAT(Removed(steps, training, {.keep_last = 8}), IsEmpty());
  EXPECT_THAT(Removed(steps, training, {.keep_last = 80}), IsEmpty());
  EXPECT_THAT(Removed({}, training, {}), IsEmpty());
}

TEST(StepsToRemove, ForGoodStaysForGood) {
  const std::vector<uint64_t> steps = {5, 10, 12, 24, 30, 36, 37};
  Training training;
  training.progress.set_step_index(37);
  EXPECT_THAT(Removed(steps, training, {.keep_last = 1, .keep_every_steps = 12, .kept_for_good = {10, 11}}),
              ElementsAre(5, 30));
}

// What the newest name as their best need not be what this history says is the best.
TEST(StepsToRemove, TheBestOneThatEachOfTheNewestNamesStays) {
  const std::vector<uint64_t> steps = {10, 20, 30, 35, 40};
  const Training training = AfterEpochs({4, 3, 2, 1});
  const std::map<uint64_t, uint64_t> best_of = {{40, 40}, {35, 30}, {30, 20}};
  EXPECT_THAT(Removed(steps, training, {.keep_last = 1}, best_of), ElementsAre(10, 20, 30, 35));
  EXPECT_THAT(Removed(steps, training, {.keep_last = 2}, best_of), ElementsAre(10, 20));
  EXPECT_THAT(Removed(steps, training, {.keep_last = 3}, best_of), ElementsAre(10));
}

TEST(StepsToRemove, StepsAheadAreLeftAloneAndDoNotCount) {
  EXPECT_THAT(Removed({10, 20, 30, 40}, AfterEpochs({1, 2}), {.keep_last = 1}), IsEmpty());
  EXPECT_THAT(Removed({10, 20, 30, 40}, AfterEpochs({2, 1}), {.keep_last = 1}), ElementsAre(10));
}

TEST(StepsToRemove, AnUnreadableOneIsAnErrorOfTheCaller) {
  const auto unreadable = [](uint64_t) { return absl::UnavailableError("the disk is gone"); };
  const Training training = AfterEpochs({2, 1});
  EXPECT_THAT(StepsToRemove({10, 20}, training.history, training.progress, {}, unreadable),
              StatusIs(absl::StatusCode::kUnavailable, "the disk is gone"));
}

// Training epoch by epoch with the snapshots that each policy calls for: what is on disk at any time is the same
// whether one process lived through all epochs or each epoch had a process of its own, since nothing but `disk` and the
// history is handed on; and it is the newest and the best so far, found here by brute force.
TEST(StepsToRemove, NothingIsForgottenFromOneProcessToTheNext) {
  const std::vector<double> losses = {9, 4, 6, 5, 3, 8, 3, 7, 2, 6, 6, 1.5};
  constexpr uint64_t kBest = 3;
  std::vector<uint64_t> disk;
  for (size_t epochs = 1; epochs <= losses.size(); ++epochs) {
    const Training training = AfterEpochs({losses.begin(), losses.begin() + epochs});
    const RetentionPolicy policy = {.keep_last = 2, .keep_every_steps = 40, .keep_best = kBest};
    disk.push_back(training.progress.step_index());
    for (const uint64_t step : Removed(disk, training, policy)) std::erase(disk, step);

    std::vector<uint64_t> expected;
    for (size_t i = 0; i < epochs; ++i) {
      size_t better = 0;
      for (size_t j = 0; j < epochs; ++j) better += losses[j] < losses[i] || (losses[j] == losses[i] && j < i);
      if (better < kBest || i + 2 >= epochs || (i + 1) % 4 == 0) expected.push_back(10 * (i + 1));
    }
    EXPECT_EQ(disk, expected) << "after " << epochs << " epochs";
  }
}

TEST(StepsToRemove, ALowerPolicyRemovesAndAHigherOneKeepsFromThenOn) {
  std::vector<double> losses = {1, 2, 3, 4};
  std::vector<uint64_t> disk = {10, 20, 30, 40};
  const auto apply = [&](const RetentionPolicy& policy) {
    for (const uint64_t step : Removed(disk, AfterEpochs(losses), policy)) std::erase(disk, step);
    return disk;
  };
  EXPECT_THAT(apply({.keep_last = 1, .keep_best = 3}), ElementsAre(10, 20, 30, 40));
  EXPECT_THAT(apply({.keep_last = 1, .keep_best = 1}), ElementsAre(10, 40));
  losses.push_back(1.5);
  disk.push_back(50);
  EXPECT_THAT(apply({.keep_last = 1, .keep_best = 5}), ElementsAre(10, 40, 50)) << "20 and 30 are gone";
}

}  // namespace
}  // namespace baton
