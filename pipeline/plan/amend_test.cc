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

const std::vector<FieldValue> kBegun = {
    {"train.batch_size", "1"}, {"train.optimizer.learning_rate", "0.1"}, {"train.ema", "{}"}};

TEST(Amend, WhatChanged) {
  EXPECT_THAT(ChangesSince(Recorded(kBegun), Inputs(kBegun)), IsEmpty());
  const KeyInputs now =
      Inputs({{"train.batch_size", "1"}, {"train.optimizer.learning_rate", "0.2"}, {"train.clip_norm", "5"}});
  EXPECT_THAT(Lines(ChangesSince(Recorded(kBegun), now)),
              ElementsAre("train.optimizer.learning_rate: 0.1 -> 0.2", "train.ema: {} -> ", "train.clip_norm:  -> 5"));
}

TEST(Amend, AFieldOrTheMessageAroundItAllows) {
  const std::vector<InputChange> changes = {{"train.optimizer.learning_rate", "0.1", "0.2"}};
  for (const char* allowed : {"train.optimizer.learning_rate", "train.optimizer", "train"}) {
    EXPECT_THAT(CheckAllowed(changes, {"train.clip_norm", allowed}), IsOk()) << allowed;
  }
  for (const char* other : {"train.opt", "train.optimizer.learning_rate.x", "train.clip_norm", ""}) {
    EXPECT_THAT(CheckAllowed(changes, {other}),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("train.optimizer.learning_rate: 0.1 -> 0.2"),
                               HasSubstr("--allow_changes=" + std::string(other) + ",train.optimizer.learning_rate"))))
        << other;
  }
}

TEST(Amend, WhatATrainingIsAboutCannotChange) {
  for (const char* name : {"load.dataset", "seed", "train.model.mlp.hidden_sizes", "train.criterion.cross_entropy",
                           "train.selection_metric", "train.initial_weights.sha256"}) {
    const std::vector<InputChange> changes = {{"train.clip_norm", "1", "2"}, {name, "77", "78"}};
    EXPECT_FALSE(CanBeAllowed(changes));
    EXPECT_THAT(CheckAllowed(changes, {"train", "load", "seed"}),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(std::string(name) + ": 77 -> 78"), HasSubstr("--start_over"),
                               HasSubstr("train.initial_weights.snapshot"))));
  }
  EXPECT_TRUE(CanBeAllowed({{"train.clip_norm", "1", "2"}, {"train.batch_size", "", "16"}}));
}

TEST(Amend, NamesThatMeanNothing) {
  EXPECT_THAT(CheckAllowedNames({"train.optimizer.learning_rate", "train.schedule", "train.schedule.horizon_steps"}),
              IsOk());
  EXPECT_THAT(CheckAllowedNames({"seed", "train.optimiser.learning_rate"}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("--allow_changes=train.optimiser.learning_rate"),
                             HasSubstr("unknown field train.optimiser; did you mean train.optimizer?"))));
  EXPECT_THAT(CheckAllowedNames({"seed.x"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("seed is a value and has no field x")));
  EXPECT_THAT(CheckAllowedNames({""}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no field")));
}

// A key of its own, from which everything before can be followed; changed twice, it says so of the second time.
TEST(Amend, TheKeyNamesWhereItCameFrom) {
  const StageRun begun = Recorded({{"train.clip_norm", "1"}});
  const KeyInputs once = AmendedKey(Inputs({{"train.clip_norm", "2"}}), begun, 7);
  EXPECT_THAT(once.values(), ElementsAre(Pair("train.clip_norm", "2"), Pair("train.amended_from", begun.key()),
                                         Pair("train.amended_step", "7")));
  EXPECT_EQ(AmendedStep(once), 7);
  EXPECT_EQ(AmendedStep(Inputs({{"train.clip_norm", "2"}})), std::nullopt);
  EXPECT_NE(once.Key(), AmendedKey(Inputs({{"train.clip_norm", "2"}}), begun, 8).Key());

  const StageRun amended = Recorded(once.values());
  EXPECT_THAT(ChangesSince(amended, Inputs({{"train.clip_norm", "2"}})), IsEmpty());
  EXPECT_THAT(AmendedKey(Inputs({{"train.clip_norm", "3"}}), amended, 9).values(),
              ElementsAre(Pair("train.clip_norm", "3"), Pair("train.amended_from", amended.key()),
                          Pair("train.amended_step", "9")));

  const std::vector<Amendment> amendments = MakeAmendments({{"train.clip_norm", "1", "2"}}, begun, once, 7);
  ASSERT_EQ(amendments.size(), 1);
  EXPECT_EQ(amendments[0].field(), "train.clip_norm");
  EXPECT_EQ(amendments[0].old_value(), "1");
  EXPECT_EQ(amendments[0].new_value(), "2");
  EXPECT_EQ(amendments[0].step_index(), 7);
  EXPECT_EQ(amendments[0].from_key(), begun.key());
  EXPECT_EQ(amendments[0].to_key(), once.Key());
}

}  // namespace
}  // namespace baton
