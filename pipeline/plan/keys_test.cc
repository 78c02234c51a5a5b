#include "pipeline/plan/keys.h"

#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::ElementsAre;
using testing::Pair;

// Every kind of field: frozen ones at another value than their default and at it, and free ones.
PipelineConfig Config() {
  PipelineConfig config;
  const bool parsed = google::protobuf::TextFormat::ParseFromString(R"(
      name: "a name"
      seed: 7
      load {
        raw_filepath: "/somewhere/x.csv"
        table {
          target_column: "y"
          task: CLASSIFICATION
          standardize: true
        }
      }
      train {
        model { mlp { hidden_sizes: [ 8, 4 ] } }
        criterion { cross_entropy {} }
        batch_size: 16
        workers: 3
        max_epochs: 5
        snapshots { every_steps: 2 }
        device: "cpu"
      }
      evaluate { batch_size: 64 })",
                                                                    &config);
  EXPECT_TRUE(parsed);
  return config;
}

constexpr char kDataset[] = "sha256:dada";

TrainSection Trained() {
  TrainSection train;
  train.mutable_stage()->set_key("7ea1");
  train.set_steps_done(40);
  train.mutable_best_snapshot()->set_model_sha256("be57");
  train.mutable_last_snapshot()->set_model_sha256("1a57");
  return train;
}

TEST(Keys, OfLoad) {
  const KeyInputs inputs = LoadKey(Config(), "f00d");
  EXPECT_THAT(inputs.values(),
              ElementsAre(Pair("raw_file.sha256", "f00d"), Pair("seed", "7"), Pair("load.table.target_column", "\"y\""),
                          Pair("load.table.task", "CLASSIFICATION"), Pair("load.format_version", "1")));
  // sha256sum | cut -c1-16 of the lines raw_file.sha256=f00d, seed=7, load.table.target_column="y",
  // load.table.task=CLASSIFICATION and load.format_version=1.
  EXPECT_EQ(inputs.Key(), "7a0f377bceb9aecc");
}

TEST(Keys, OfTrain) {
  EXPECT_THAT(TrainKey(Config(), kDataset).values(),
              ElementsAre(Pair("load.dataset", "sha256:dada"), Pair("seed", "7"),
                          Pair("train.model.mlp.hidden_sizes", "[8, 4]"), Pair("train.criterion.cross_entropy", "{}"),
                          Pair("train.batch_size", "16"), Pair("train.format_version", "2")));
}

InitialWeights Weights(const std::string& sha256) {
  InitialWeights weights;
  weights.set_sha256(sha256);
  return weights;
}

// By content: where they are is free.
TEST(Keys, InitialWeights) {
  PipelineConfig config = Config();
  config.mutable_train()->mutable_initial_weights()->set_snapshot("/runs/a");
  const KeyInputs inputs = TrainKey(config, kDataset, Weights("77"));
  EXPECT_THAT(inputs.values(), testing::Contains(Pair("train.initial_weights.sha256", "77")));
  EXPECT_EQ(inputs.values().size(), TrainKey(Config(), kDataset).values().size() + 1);
  config.mutable_train()->mutable_initial_weights()->set_snapshot("/runs/b");
  EXPECT_EQ(TrainKey(config, kDataset, Weights("77")).Key(), inputs.Key());
  EXPECT_NE(TrainKey(config, kDataset, Weights("78")).Key(), inputs.Key());
  config.mutable_train()->mutable_initial_weights()->set_strict(false);
  EXPECT_NE(TrainKey(config, kDataset, Weights("77")).Key(), inputs.Key());
  InitialWeights with_buffers = Weights("77");
  with_buffers.set_buffers_sha256("99");
  EXPECT_NE(TrainKey(config, kDataset, with_buffers).Key(), TrainKey(config, kDataset, Weights("77")).Key());
  // Without them a digest means nothing.
  EXPECT_EQ(TrainKey(Config(), kDataset, Weights("77")).Key(), TrainKey(Config(), kDataset).Key());
}

TEST(Keys, AConstantScheduleIsTheDefault) {
  PipelineConfig config = Config();
  const std::string unsaid = TrainKey(config, kDataset).Key();
  config.mutable_train()->mutable_schedule()->mutable_constant();
  EXPECT_EQ(TrainKey(config, kDataset).Key(), unsaid);
  config.mutable_train()->mutable_schedule()->set_warmup_steps(100);
  EXPECT_NE(TrainKey(config, kDataset).Key(), unsaid);
}

TEST(Keys, AnAverageWithItsDefaultsIsNotNone) {
  PipelineConfig config = Config();
  const std::string none = TrainKey(config, kDataset).Key();
  config.mutable_train()->mutable_ema();
  EXPECT_NE(TrainKey(config, kDataset).Key(), none);
}

// A horizon that was left open counts as if it had been said.
TEST(Keys, TheEndOfASchedule) {
  PipelineConfig config = Config();
  EXPECT_FALSE(LeavesHorizonOpen(config.train()));
  EXPECT_EQ(WithHorizon(config, 60).SerializeAsString(), config.SerializeAsString());
  config.mutable_train()->mutable_schedule()->mutable_cosine();
  EXPECT_TRUE(LeavesHorizonOpen(config.train()));
  const KeyInputs open = TrainKey(WithHorizon(config, 60), kDataset);
  EXPECT_EQ(HorizonSteps(open.values()), 60);
  config.mutable_train()->mutable_schedule()->set_horizon_steps(60);
  EXPECT_FALSE(LeavesHorizonOpen(config.train()));
  EXPECT_EQ(TrainKey(WithHorizon(config, 70), kDataset).Key(), open.Key());
  // Goals are no part of a key.
  config.mutable_train()->set_max_epochs(9);
  config.mutable_train()->set_max_steps(900);
  EXPECT_EQ(TrainKey(config, kDataset).Key(), open.Key());
}

TEST(Keys, OfEvaluate) {
  EXPECT_THAT(EvaluateKey(Config(), kDataset, Trained()).values(),
              ElementsAre(Pair("load.dataset", "sha256:dada"), Pair("train.key", "7ea1"), Pair("train.steps", "40"),
                          Pair("train.model", "be57"), Pair("train.model_config.mlp.hidden_sizes", "[8, 4]"),
                          Pair("evaluate.batch_size", "64"), Pair("evaluate.format_version", "2")));
}

TEST(Keys, TheBuffersOfAModelCountToo) {
  TrainSection train = Trained();
  const std::string without = EvaluateKey(Config(), kDataset, train).Key();
  train.mutable_best_snapshot()->set_buffers_sha256("b0ff");
  const KeyInputs inputs = EvaluateKey(Config(), kDataset, train);
  EXPECT_THAT(inputs.values(), testing::Contains(Pair("train.buffers", "b0ff")));
  EXPECT_NE(inputs.Key(), without);
}

// The report shows the history: of the same best model it is another after more steps.
TEST(Keys, HowFarTrainingCameCounts) {
  TrainSection train = Trained();
  const std::string before = EvaluateKey(Config(), kDataset, train).Key();
  train.set_steps_done(50);
  EXPECT_NE(EvaluateKey(Config(), kDataset, train).Key(), before);
}

TEST(Keys, RoundsDoNotDependOnTheirNumberAndTheEvaluationDoes) {
  PipelineConfig config = Config();
  const TrainSection train = Trained();
  const std::string none = EvaluateKey(config, kDataset, train).Key();
  config.mutable_evaluate()->mutable_bias_variance()->set_rounds(0);
  EXPECT_EQ(EvaluateKey(config, kDataset, train).Key(), none);
  config.mutable_evaluate()->mutable_bias_variance()->set_rounds(50);
  const std::string rounds = RoundsKey(config, kDataset, train).Key();
  const std::string fifty = EvaluateKey(config, kDataset, train).Key();
  EXPECT_NE(fifty, none);
  config.mutable_evaluate()->mutable_bias_variance()->set_rounds(200);
  EXPECT_EQ(RoundsKey(config, kDataset, train).Key(), rounds);
  EXPECT_NE(EvaluateKey(config, kDataset, train).Key(), fifty);
}

TEST(Keys, RoundsDependOnTheTrainingAndItsGoal) {
  PipelineConfig config = Config();
  config.mutable_evaluate()->mutable_bias_variance()->set_rounds(50);
  TrainSection train = Trained();
  const std::string rounds = RoundsKey(config, kDataset, train).Key();
  const auto differs = [&](const std::function<void(PipelineConfig&)>& change) {
    PipelineConfig changed = config;
    change(changed);
    return RoundsKey(changed, kDataset, train).Key() != rounds;
  };
  EXPECT_TRUE(differs([](PipelineConfig& c) { c.set_seed(8); }));
  EXPECT_TRUE(differs([](PipelineConfig& c) { c.mutable_train()->set_max_epochs(77); }));
  EXPECT_TRUE(differs([](PipelineConfig& c) { c.mutable_train()->set_max_steps(77); }));
  EXPECT_TRUE(differs([](PipelineConfig& c) { c.mutable_train()->set_batch_size(4); }));
  EXPECT_TRUE(differs([](PipelineConfig& c) { c.mutable_evaluate()->set_snapshot(EvaluateConfig::LAST); }));
  EXPECT_TRUE(differs([](PipelineConfig& c) { c.mutable_evaluate()->set_batch_size(3); }));
  EXPECT_FALSE(differs([](PipelineConfig& c) { c.mutable_train()->set_workers(3); }));
  EXPECT_NE(RoundsKey(config, "sha256:other", train).Key(), rounds);
  // A schedule that leaves its end open ends where the recorded training's does.
  config.mutable_train()->mutable_schedule()->mutable_cosine();
  const auto with_horizon = [&](const char* steps) {
    TrainSection recorded = Trained();
    KeyInput& input = *recorded.mutable_stage()->add_key_inputs();
    input.set_name(kHorizonInput);
    input.set_value(steps);
    return RoundsKey(config, kDataset, recorded).Key();
  };
  EXPECT_NE(with_horizon("40"), with_horizon("50"));
}

TEST(Keys, EvaluateTakesTheLastSnapshotOnRequestAndWhereNoneIsBest) {
  PipelineConfig config = Config();
  TrainSection train = Trained();
  EXPECT_EQ(EvaluatedSnapshot(config, train).model_sha256(), "be57");
  config.mutable_evaluate()->set_snapshot(EvaluateConfig::LAST);
  EXPECT_EQ(EvaluatedSnapshot(config, train).model_sha256(), "1a57");
  config.mutable_evaluate()->set_snapshot(EvaluateConfig::BEST);
  train.clear_best_snapshot();
  EXPECT_EQ(EvaluatedSnapshot(config, train).model_sha256(), "1a57");
}

TEST(Keys, FreeFieldsAreNoPartOfThem) {
  PipelineConfig config = Config();
  const std::vector<std::string> before = {LoadKey(config, "f00d").Key(), TrainKey(config, kDataset).Key(),
                                           EvaluateKey(config, kDataset, Trained()).Key()};
  config.set_name("another name");
  config.mutable_load()->set_raw_filepath("/elsewhere/x.csv");
  config.mutable_train()->set_workers(1);
  config.mutable_train()->set_max_epochs(50);
  config.mutable_train()->mutable_snapshots()->set_every_steps(3);
  config.mutable_train()->set_device("cuda");
  EXPECT_THAT(before, ElementsAre(LoadKey(config, "f00d").Key(), TrainKey(config, kDataset).Key(),
                                  EvaluateKey(config, kDataset, Trained()).Key()));
}

}  // namespace
}  // namespace baton
