#include "pipeline/plan/amend.h"

#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "pipeline/plan/keys.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

StageRun Recorded(const std::vector<FieldValue>& values) {
  KeyInputs inputs;
  inputs.Add(values);
  StageRun stage;
  stage.set_key(inputs.Key());
  for (const auto& [name, value] : values) {
    KeyInput& input = *stage.add_key_inputs();
    input.set_name(name);
    input.set_value(value);
  }
  return stage;
}

KeyInputs Inputs(const std::vector<FieldValue>& values) {
  KeyInputs inputs;
  inputs.Add(values);
  return inputs;
}

// As "name: old -> new".
std::vector<std::string> Lines(const std::vector<InputChange>& changes) {
  std::vector<std::string> lines;
  for (const InputChange& change : changes) {
    lines.push_back(change.name + ": " + change.old_value + " -> " + change.new_value);
  }
  return lines;
}

const std::vector<FieldValue> kBegun = {{"seed", "1"}, {"train.optimizer.learning_rate", "0.1"}, {"train.ema", "{}"}};

TEST(Amend, WhatChanged) {
  EXPECT_THAT(TrainingChanges(Recorded(kBegun), Inputs(kBegun), {}), IsEmpty());
  const KeyInputs now = Inputs({{"seed", "1"}, {"train.optimizer.learning_rate", "0.2"}, {"train.clip_norm", "5"}});
  EXPECT_THAT(Lines(TrainingChanges(Recorded(kBegun), now, {})),
              ElementsAre("train.optimizer.learning_rate: 0.1 -> 0.2", "train.ema: {} -> ", "train.clip_norm:  -> 5"));
}

TEST(Amend, AFieldOrTheMessageAroundItAllows) {
  const std::vector<InputChange> changes = {{"train.optimizer.learning_rate", "0.1", "0.2"}};
  for (const char* allowed : {"train.optimizer.learning_rate", "train.optimizer", "train"}) {
    EXPECT_THAT(CheckAllowed(changes, {"seed", allowed}), IsOk()) << allowed;
  }
  for (const char* other : {"train.opt", "train.optimizer.learning_rate.x", "seed", ""}) {
    EXPECT_THAT(CheckAllowed(changes, {other}),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("train.optimizer.learning_rate: 0.1 -> 0.2"),
                               HasSubstr("--allow_changes=" + std::string(other) + ",train.optimizer.learning_rate"))))
        << other;
  }
}

TEST(Amend, InitialWeightsCannotChangeAnyMore) {
  for (const char* allowed : {"train.initial_weights", "train"}) {
    EXPECT_THAT(CheckAllowed({{"train.initial_weights.sha256", "77", "78"}}, {allowed}),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("train.initial_weights.sha256: 77 -> 78"), HasSubstr("--start_over"))));
  }
}

TEST(Amend, NamesThatMeanNothing) {
  EXPECT_THAT(CheckAllowedNames({"train.optimizer.learning_rate", "train.schedule", "seed", "load.dataset",
                                 "train.schedule.horizon_epochs"}),
              IsOk());
  EXPECT_THAT(CheckAllowedNames({"seed", "train.optimiser.learning_rate"}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("--allow_changes=train.optimiser.learning_rate"),
                             HasSubstr("unknown field train.optimiser; did you mean train.optimizer?"))));
  EXPECT_THAT(CheckAllowedNames({"seed.x"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("seed is a value and has no field x")));
  EXPECT_THAT(CheckAllowedNames({""}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no field")));
}

TEST(Amend, TheSchedulesEndStaysUnlessItIsNamed) {
  const std::vector<FieldValue> begun = {{"seed", "1"}, {"train.schedule.horizon_epochs", "5"}};
  const KeyInputs now = Inputs({{"seed", "2"}, {"train.schedule.horizon_epochs", "9"}});
  EXPECT_THAT(Lines(TrainingChanges(Recorded(begun), now, {"seed"})), ElementsAre("seed: 1 -> 2"));
  EXPECT_EQ(AmendedInputs(Recorded(begun), now, {"seed"}, 7).values()[1].second, "5");
  const std::vector<std::string> named = {"seed", "train.schedule"};
  EXPECT_THAT(Lines(TrainingChanges(Recorded(begun), now, named)),
              ElementsAre("seed: 1 -> 2", "train.schedule.horizon_epochs: 5 -> 9"));
  EXPECT_EQ(AmendedInputs(Recorded(begun), now, named, 7).values()[1].second, "9");
}

// A key of its own, from which everything before can be followed; changed twice, it says so of the second time.
TEST(Amend, TheKeyNamesWhereItCameFrom) {
  const StageRun begun = Recorded({{"seed", "1"}});
  const KeyInputs once = AmendedInputs(begun, Inputs({{"seed", "2"}}), {"seed"}, 7);
  EXPECT_THAT(once.values(),
              ElementsAre(Pair("seed", "2"), Pair("train.amended_from", begun.key()), Pair("train.amended_step", "7")));
  EXPECT_EQ(AmendedStep(once), 7);
  EXPECT_EQ(AmendedStep(Inputs({{"seed", "2"}})), std::nullopt);
  EXPECT_NE(once.Key(), AmendedInputs(begun, Inputs({{"seed", "2"}}), {"seed"}, 8).Key());

  const StageRun amended = Recorded(once.values());
  EXPECT_THAT(TrainingChanges(amended, Inputs({{"seed", "2"}}), {}), IsEmpty());
  EXPECT_THAT(
      AmendedInputs(amended, Inputs({{"seed", "3"}}), {"seed"}, 9).values(),
      ElementsAre(Pair("seed", "3"), Pair("train.amended_from", amended.key()), Pair("train.amended_step", "9")));

  const std::vector<Amendment> amendments = MakeAmendments({{"seed", "1", "2"}}, begun, once, 7);
  ASSERT_EQ(amendments.size(), 1);
  EXPECT_EQ(amendments[0].field(), "seed");
  EXPECT_EQ(amendments[0].old_value(), "1");
  EXPECT_EQ(amendments[0].new_value(), "2");
  EXPECT_EQ(amendments[0].step_index(), 7);
  EXPECT_EQ(amendments[0].from_key(), begun.key());
  EXPECT_EQ(amendments[0].to_key(), once.Key());
}

}  // namespace
}  // namespace baton
