#include "pipeline/reproduce/replay_plan.h"

#include <string>

#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/plan/amend.h"
#include "pipeline/plan/keys.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

PipelineConfig Config(const std::string& more = "") {
  PipelineConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(R"pb(
                                                              seed: 5
                                                              load {
                                                                table {
                                                                  target_column: "kind"
                                                                  task: CLASSIFICATION
                                                                  ignored_columns: [ "a, \"b\"", "c" ]
                                                                }
                                                                split { holdout_fraction: 0.3 }
                                                              }
                                                              train {
                                                                model {
                                                                  mlp {
                                                                    hidden_sizes: [ 8, 4 ]
                                                                    dropout: 0.1
                                                                  }
                                                                }
                                                                criterion { cross_entropy {} }
                                                                optimizer {
                                                                  learning_rate: 0.012345678901234567
                                                                  adamw {}
                                                                }
                                                                batch_size: 16
                                                                max_epochs: 4
                                                              }
                                                              evaluate { snapshot: LAST })pb",
                                                            &config));
  PipelineConfig others;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(more, &others));
  config.MergeFrom(others);
  return config;
}

void SetInputs(const KeyInputs& inputs, StageRun& stage) {
  stage.set_key(inputs.Key());
  stage.clear_key_inputs();
  for (const auto& [name, value] : inputs.values()) {
    KeyInput& input = *stage.add_key_inputs();
    input.set_name(name);
    input.set_value(value);
  }
}

// Of a run that was trained for `epochs` epochs.
Metadata RecordOf(const PipelineConfig& config, int epochs) {
  Metadata record;
  record.mutable_run()->set_name("small");
  LoadSection& load = *record.mutable_load();
  load.set_raw_file_sha256("aa");
  load.set_dataset_version("sha256:d1");
  SetInputs(LoadKey(config, "aa"), *load.mutable_stage());
  TrainSection& train = *record.mutable_train();
  SetInputs(TrainKey(config, load.dataset_version()), *train.mutable_stage());
  train.mutable_stage()->add_attempts()->set_device("cuda");
  train.set_epochs_done(epochs);
  train.set_steps_done(10 * epochs);
  train.mutable_last_snapshot()->set_model_sha256("mm");
  train.mutable_last_snapshot()->set_step_index(10 * epochs);
  SetInputs(EvaluateKey(config, load.dataset_version(), train), *record.mutable_evaluate()->mutable_stage());
  return record;
}

void Evaluate(const PipelineConfig& config, Metadata& record) {
  SetInputs(EvaluateKey(config, record.load().dataset_version(), record.train()),
            *record.mutable_evaluate()->mutable_stage());
}

// Training went on from `step` with the train configuration of `config`.
void Amend(const PipelineConfig& config, uint64_t step, Metadata& record) {
  StageRun& stage = *record.mutable_train()->mutable_stage();
  const KeyInputs inputs = TrainKey(config, record.load().dataset_version());
  const std::vector<InputChange> changes = ChangesSince(stage, inputs);
  const KeyInputs amended = AmendedKey(inputs, stage, step);
  for (Amendment& amendment : MakeAmendments(changes, stage, amended, step)) {
    amendment.set_stage("train");
    *record.mutable_run()->add_amendments() = amendment;
  }
  SetInputs(amended, stage);
  Evaluate(config, record);
}

TEST(MakeReplayPlan, MakesTheConfigurationOfTheRecord) {
  const PipelineConfig config = Config();
  ASSERT_OK_AND_ASSIGN(const ReplayPlan plan,
                       MakeReplayPlan(RecordOf(config, 4), {.raw_filepath = "/x.csv", .workers = 3}));
  EXPECT_TRUE(plan.evaluate);
  ASSERT_EQ(plan.legs.size(), 1);
  EXPECT_EQ(plan.legs[0].stop_at_step, 0);
  EXPECT_THAT(plan.legs[0].allow_changes, IsEmpty());
  PipelineConfig expected = config;
  expected.set_name("small");
  expected.mutable_load()->set_raw_filepath("/x.csv");
  expected.mutable_train()->set_workers(3);
  expected.mutable_train()->set_device("cuda");
  expected.mutable_train()->clear_max_epochs();
  expected.mutable_train()->set_max_steps(40);  // where it ended
  EXPECT_EQ(plan.config.DebugString(), expected.DebugString());
  EXPECT_EQ(plan.legs[0].config.DebugString(), expected.DebugString());
}

TEST(MakeReplayPlan, LeavesOutWhatWasNotRun) {
  Metadata record = RecordOf(Config(), 4);
  record.clear_evaluate();
  ASSERT_OK_AND_ASSIGN(ReplayPlan plan, MakeReplayPlan(record, {}));
  EXPECT_FALSE(plan.evaluate);
  EXPECT_EQ(plan.legs.size(), 1);
  record.clear_train();
  ASSERT_OK_AND_ASSIGN(plan, MakeReplayPlan(record, {.raw_filepath = "/x.csv"}));
  EXPECT_THAT(plan.legs, IsEmpty());
  EXPECT_THAT(ValidateConfig(plan.config), IsOk());
}

TEST(MakeReplayPlan, ASchedulesEndIsSaid) {
  const Metadata record = RecordOf(Config("train { schedule { cosine {} horizon_steps: 30 } }"), 5);
  ASSERT_OK_AND_ASSIGN(const ReplayPlan plan, MakeReplayPlan(record, {}));
  ASSERT_EQ(plan.legs.size(), 1);
  EXPECT_EQ(plan.legs[0].config.train().schedule().horizon_steps(), 30);
  EXPECT_EQ(plan.legs[0].config.train().max_steps(), 50);
  EXPECT_EQ(plan.legs[0].key, record.train().stage().key());
}

// Training stopped early: the legs end there, but the rounds had the whole goal.
TEST(MakeReplayPlan, RoundsHaveTheGoalThatTrainingHad) {
  const Metadata record = RecordOf(
      Config("train { max_epochs: 30 early_stopping { patience: 2 } } evaluate { bias_variance { rounds: 3 } }"), 5);
  ASSERT_OK_AND_ASSIGN(const ReplayPlan plan, MakeReplayPlan(record, {}));
  EXPECT_EQ(plan.legs.at(0).config.train().max_steps(), 50);
  EXPECT_EQ(plan.config.train().max_epochs(), 30);
  EXPECT_FALSE(plan.config.train().has_max_steps());
  EXPECT_EQ(plan.config.evaluate().bias_variance().rounds(), 3);
}

TEST(MakeReplayPlan, AmendmentsAreLegs) {
  Metadata record = RecordOf(Config(), 4);
  const std::string first_key = record.train().stage().key();
  // Another training of the same run, of which nothing is left, was amended too.
  Amendment& other = *record.mutable_run()->add_amendments();
  other.set_stage("train");
  other.set_field("train.batch_size");
  other.set_to_key("elsewhere");
  Amend(Config("train { optimizer { learning_rate: 0.5 } }"), 7, record);
  const std::string second_key = record.train().stage().key();
  Amend(Config("train { optimizer { learning_rate: 0.25 weight_decay: 0.125 }"
               " schedule { cosine {} horizon_steps: 90 } }"),
        9, record);
  ASSERT_OK_AND_ASSIGN(const ReplayPlan plan, MakeReplayPlan(record, {}));
  ASSERT_EQ(plan.legs.size(), 3);

  EXPECT_EQ(plan.legs[0].key, first_key);
  EXPECT_EQ(plan.legs[0].config.train().optimizer().learning_rate(), 0.012345678901234567);
  EXPECT_EQ(plan.legs[0].stop_at_step, 7);
  EXPECT_THAT(plan.legs[0].allow_changes, IsEmpty());

  EXPECT_EQ(plan.legs[1].key, second_key);
  EXPECT_EQ(plan.legs[1].config.train().optimizer().learning_rate(), 0.5);
  EXPECT_EQ(plan.legs[1].stop_at_step, 9);
  EXPECT_THAT(plan.legs[1].allow_changes, ElementsAre("train.optimizer.learning_rate"));

  EXPECT_EQ(plan.legs[2].key, record.train().stage().key());
  EXPECT_EQ(plan.legs[2].stop_at_step, 0);
  EXPECT_THAT(plan.legs[2].allow_changes,
              testing::UnorderedElementsAre("train.optimizer.learning_rate", "train.optimizer.weight_decay",
                                            "train.schedule.cosine", "train.schedule.horizon_steps"));
  EXPECT_EQ(plan.legs[2].config.train().schedule().horizon_steps(), 90);
  EXPECT_EQ(plan.legs[2].config.train().optimizer().weight_decay(), 0.125);
}

TEST(MakeReplayPlan, BeginsWithTheSameWeightsElsewhere) {
  const PipelineConfig config = Config("train { initial_weights { snapshot: '/runs/a' strict: false } }");
  Metadata record = RecordOf(config, 4);
  record.mutable_train()->mutable_initial_weights()->set_sha256("77");
  SetInputs(TrainKey(config, record.load().dataset_version(), record.train().initial_weights()),
            *record.mutable_train()->mutable_stage());
  Evaluate(config, record);
  ASSERT_OK_AND_ASSIGN(const ReplayPlan plan, MakeReplayPlan(record, {.initial_weights = "/runs/b"}));
  const InitialWeightsConfig& weights = plan.legs.at(0).config.train().initial_weights();
  EXPECT_EQ(weights.snapshot(), "/runs/b");
  EXPECT_FALSE(weights.strict());
}

TEST(MakeReplayPlan, RefusesWhatAnotherProgramWrote) {
  Metadata record = RecordOf(Config(), 4);
  KeyInput& version = *record.mutable_load()->mutable_stage()->mutable_key_inputs()->rbegin();
  ASSERT_EQ(version.name(), "load.format_version");
  version.set_value("999");
  KeyInputs inputs;
  inputs.Add(RecordedInputs(record.load().stage()));
  record.mutable_load()->mutable_stage()->set_key(inputs.Key());
  EXPECT_THAT(MakeReplayPlan(record, {}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("load.format_version: 999 -> 1")));

  record = RecordOf(Config(), 4);
  KeyInput& unknown = *record.mutable_train()->mutable_stage()->add_key_inputs();
  unknown.set_name("train.warp");
  unknown.set_value("9");
  EXPECT_THAT(MakeReplayPlan(record, {}),
              StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr("train.warp=9"), HasSubstr("train"))));
}

}  // namespace
}  // namespace baton
