#include "pipeline/plan/decide.h"

#include <vector>

#include "gtest/gtest.h"

namespace baton {
namespace {

constexpr Recorded kAll[] = {Recorded::kNothing, Recorded::kUnfinished, Recorded::kComplete, Recorded::kDamaged,
                             Recorded::kWantsMore};

// Every situation, each flag alone.
std::vector<Situation> Situations(Recorded recorded, bool same_key) {
  std::vector<Situation> situations;
  for (const bool has_progress : {false, true}) {
    situations.push_back({recorded, same_key, has_progress, false, false});
    situations.push_back({recorded, same_key, has_progress, true, false});
    situations.push_back({recorded, same_key, has_progress, false, true});
  }
  return situations;
}

TEST(Decide, AStageThatNeverRanWorks) {
  for (const Situation& situation : Situations(Recorded::kNothing, false)) {
    EXPECT_EQ(Decide(situation), Action::kWork);
  }
}

TEST(Decide, WhatIsCompleteAndIntactIsLeftAlone) {
  for (const Situation& situation : Situations(Recorded::kComplete, true)) {
    EXPECT_EQ(Decide(situation), Action::kSkip);
  }
}

// Not even --start_over throws away what was finished.
TEST(Decide, ARaisedGoalGoesOn) {
  for (const Situation& situation : Situations(Recorded::kWantsMore, true)) {
    EXPECT_EQ(Decide(situation), Action::kWork);
  }
}

TEST(Decide, WhatIsUnfinishedOrDamagedGoesOnUnlessItIsToStartOver) {
  for (const Recorded recorded : {Recorded::kUnfinished, Recorded::kDamaged}) {
    for (const Situation& situation : Situations(recorded, true)) {
      EXPECT_EQ(Decide(situation), situation.start_over ? Action::kStartOver : Action::kWork);
    }
  }
}

TEST(Decide, ProgressUnderAnotherKeyIsNeverAbandonedSilently) {
  for (const Situation& situation : Situations(Recorded::kUnfinished, false)) {
    const Action expected = !situation.has_progress   ? Action::kWork
                            : situation.start_over    ? Action::kWork
                            : situation.allow_changes ? Action::kAmend
                                                      : Action::kRefuse;
    EXPECT_EQ(Decide(situation), expected);
  }
}

TEST(Decide, WhatIsCompleteUnderAnotherKeyStaysBesideIt) {
  for (const Situation& situation : Situations(Recorded::kComplete, false)) {
    EXPECT_EQ(Decide(situation), situation.has_progress && situation.allow_changes ? Action::kAmend : Action::kWork);
  }
}

// Only what is unfinished, has progress, and is of another key is refused.
TEST(Decide, NothingElseIsRefused) {
  for (const Recorded recorded : kAll) {
    for (const bool same_key : {false, true}) {
      for (const Situation& situation : Situations(recorded, same_key)) {
        if (recorded == Recorded::kUnfinished && !same_key && situation.has_progress) continue;
        EXPECT_NE(Decide(situation), Action::kRefuse);
      }
    }
  }
}

}  // namespace
}  // namespace baton
