#include "pipeline/pipeline_config.h"

#include <cstdlib>
#include <string>

#include "base/faulty_file_system.h"
#include "base/files.h"
#include "base/status_matchers.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kText[] = R"(
name: "iris"
seed: 7
load { raw_filepath: "../data/iris.csv" target_column: "species" task: CLASSIFICATION }
train {
  model { mlp { hidden_sizes: [16, 8] } }
  criterion { cross_entropy {} }
  optimizer { learning_rate: 0.1 adamw { beta1: 0.8 } }
}
)";

class PipelineConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "/configXXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = AbsolutePath(folder, "/");
    options_.run_dir = folder_ + "/run";
    options_.config_path = folder_ + "/configs/iris.textproto";
    options_.working_folder = folder_ + "/here";
    Write(options_.config_path, kText);
  }

  static void Write(const std::string& path, absl::string_view text) {
    ASSERT_THAT(MakeFolders(FileSystem::Posix(), ParentFolder(path)), IsOk());
    ASSERT_THAT(ReplaceFile(FileSystem::Posix(), path, text), IsOk());
  }

  std::string folder_;
  StageOptions options_;
};

TEST_F(PipelineConfigTest, ReadsAFileWithPathsRelativeToIt) {
  ASSERT_OK_AND_ASSIGN(const PipelineConfig config, ResolveConfig(options_));
  EXPECT_EQ(config.load().raw_filepath(), folder_ + "/data/iris.csv");
  EXPECT_EQ(config.seed(), 7);
  EXPECT_EQ(config.train().model().mlp().hidden_sizes(1), 8);
}

TEST_F(PipelineConfigTest, AppliesOverridesInOrderWithPathsRelativeToTheUser) {
  options_.overrides = {"train.max_epochs=3", "load.raw_filepath=../mine.csv", "train.max_epochs=4",
                        "train.optimizer.sgd={}", "train.optimizer.sgd.momentum=0.9"};
  ASSERT_OK_AND_ASSIGN(PipelineConfig config, ResolveConfig(options_));
  EXPECT_EQ(config.load().raw_filepath(), folder_ + "/mine.csv");
  EXPECT_EQ(config.train().max_epochs(), 4);
  EXPECT_EQ(config.train().optimizer().sgd().momentum(), 0.9);
  EXPECT_EQ(config.train().optimizer().learning_rate(), 0.1);

  options_.overrides = {"load.raw_filepath=/data/x.csv"};
  ASSERT_OK_AND_ASSIGN(config, ResolveConfig(options_));
  EXPECT_EQ(config.load().raw_filepath(), "/data/x.csv");
}

TEST_F(PipelineConfigTest, WhatWasSavedIsUsedWithoutConfig) {
  options_.overrides = {"train.max_epochs=3"};
  ASSERT_OK_AND_ASSIGN(const PipelineConfig config, ResolveConfig(options_));
  ASSERT_THAT(SaveConfig(FileSystem::Posix(), options_.run_dir, config), IsOk());
  StageOptions resumed;
  resumed.run_dir = options_.run_dir;
  ASSERT_OK_AND_ASSIGN(const PipelineConfig again, ResolveConfig(resumed));
  EXPECT_EQ(again.SerializeAsString(), config.SerializeAsString());
  EXPECT_EQ(again.train().max_epochs(), 3);
  EXPECT_EQ(again.load().raw_filepath(), folder_ + "/data/iris.csv");

  ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(FileSystem::Posix(), options_.run_dir + "/config.textproto"));
  EXPECT_THAT(text, StartsWith("# The configuration of this run"));
  EXPECT_THAT(text, HasSubstr("hidden_sizes: [16, 8]"));
}

TEST_F(PipelineConfigTest, NumbersSurviveSavingBitForBit) {
  options_.overrides = {"train.optimizer.learning_rate=0.30000000000000004", "train.optimizer.adamw.epsilon=1e-310",
                        "name=\xC3\xA9\"\\ \n"};
  ASSERT_OK_AND_ASSIGN(const PipelineConfig config, ResolveConfig(options_));
  ASSERT_THAT(SaveConfig(FileSystem::Posix(), options_.run_dir, config), IsOk());
  StageOptions resumed;
  resumed.run_dir = options_.run_dir;
  ASSERT_OK_AND_ASSIGN(const PipelineConfig again, ResolveConfig(resumed));
  EXPECT_EQ(again.SerializeAsString(), config.SerializeAsString());
  EXPECT_EQ(again.train().optimizer().learning_rate(), 0.30000000000000004);
}

TEST_F(PipelineConfigTest, SavingTheSameAgainTouchesNothing) {
  ASSERT_OK_AND_ASSIGN(PipelineConfig config, ResolveConfig(options_));
  const std::string path = options_.run_dir + "/config.textproto";
  ASSERT_THAT(SaveConfig(FileSystem::Posix(), options_.run_dir, config), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string first, ReadFile(FileSystem::Posix(), path));
  // A user's comment and relative path do not change what it says.
  const std::string edited = "# mine\n" + std::string(kText);
  Write(path, edited);

  FaultyFileSystem fs;
  fs.Inject({.operations = {FileOperation::kWrite, FileOperation::kRename}, .sticky = true});
  EXPECT_THAT(SaveConfig(fs, options_.run_dir, config), IsOk());
  ASSERT_OK_AND_ASSIGN(std::string now, ReadFile(fs, path));
  EXPECT_EQ(now, edited);

  config.set_seed(8);
  EXPECT_THAT(SaveConfig(fs, options_.run_dir, config), Not(IsOk()));
  ASSERT_OK_AND_ASSIGN(now, ReadFile(fs, path));
  EXPECT_EQ(now, edited);
  fs.Heal();
  EXPECT_THAT(SaveConfig(fs, options_.run_dir, config), IsOk());
  config.set_seed(7);
  EXPECT_THAT(SaveConfig(fs, options_.run_dir, config), IsOk());
  ASSERT_OK_AND_ASSIGN(now, ReadFile(fs, path));
  EXPECT_EQ(now, first);
}

TEST_F(PipelineConfigTest, SaysWhatToDoWithoutAConfiguration) {
  options_.config_path = folder_ + "/configs/none.textproto";
  EXPECT_THAT(ResolveConfig(options_),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("none.textproto"), HasSubstr("--config"))));
  options_.config_path = "";
  EXPECT_THAT(ResolveConfig(options_),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr(options_.run_dir), HasSubstr("--config=FILE"))));
}

TEST_F(PipelineConfigTest, SaysWhereTheTextIsWrong) {
  Write(options_.config_path, "seed: 1\ntrain {\n  max_epoch: 3\n}\n");
  EXPECT_THAT(ResolveConfig(options_),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("configs/iris.textproto:3:"), HasSubstr("Did you mean \"max_epochs\"?"))));
  options_.overrides = {"train.max_epoch=3"};
  Write(options_.config_path, kText);
  EXPECT_THAT(ResolveConfig(options_),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("did you mean train.max_epochs?")));
}

TEST_F(PipelineConfigTest, AnErrorOfReadingIsNoMissingFile) {
  FaultyFileSystem fs;
  fs.Inject({.operations = {FileOperation::kReadAt}});
  options_.fs = &fs;
  EXPECT_THAT(ResolveConfig(options_), StatusIs(absl::StatusCode::kUnknown, HasSubstr("iris.textproto")));
}

// What is said of the configuration with these overrides.
class ValidateConfigTest : public PipelineConfigTest {
 protected:
  std::string Problem(std::vector<std::string> overrides) {
    options_.overrides = std::move(overrides);
    const absl::Status status = ResolveConfig(options_).status();
    EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  }
};

TEST_F(ValidateConfigTest, TakesWhatIsInRange) {
  for (const std::vector<std::string>& overrides : std::vector<std::vector<std::string>>{
           {},
           {"load.split.validation_fraction=0", "load.split.holdout_fraction=0.99"},
           {"train.model.mlp.dropout=0.999"},
           {"train.model.logistic={}"},
           {"load.task=REGRESSION", "train.model.linear={}", "train.criterion.mean_squared_error={}"},
           {"load.task=REGRESSION", "train.criterion.mean_squared_error={}"},
           {"train.criterion.cross_entropy.class_weights=[0, 1.5]"},
           {"train.optimizer.adamw={beta1: 0 beta2: 0}"},
           {"train.optimizer.sgd.momentum=0.99"},
           {"train.schedule.constant={}"},
           {"train.schedule.cosine={warmup_steps: 10 final_factor: 1}"},
           {"train.schedule.cosine={warmup_steps: 10 horizon_steps: 11}"},
           {"train.batch_size=1"},
           {"train.gradient_shards=32"},
           {"train.workers=0", "train.threads_per_worker=4096"},
           {"train.early_stopping.patience=3"},
           {"train.device=cpu"},
       }) {
    EXPECT_EQ(Problem(overrides), "") << testing::PrintToString(overrides);
  }
}

TEST_F(ValidateConfigTest, RefusesEachFieldOutOfRangeByItsName) {
  for (const auto& [override, message] : std::vector<std::pair<std::string, std::string>>{
           {"load.raw_filepath=", "load.raw_filepath is missing"},
           {"load.target_column=", "load.target_column is missing"},
           {"load.task=TASK_UNSPECIFIED", "load.task is missing"},
           {"load.ignored_columns=[id, species]", "load.ignored_columns holds the target column \"species\""},
           {"load.split.validation_fraction=-0.1", "load.split.validation_fraction is -0.1"},
           {"load.split.validation_fraction=1", "load.split.validation_fraction is 1"},
           {"load.split.holdout_fraction=0", "load.split.holdout_fraction is 0"},
           {"load.split.holdout_fraction=1", "load.split.holdout_fraction is 1"},
           {"load.split={validation_fraction: 0.5 holdout_fraction: 0.5}", "is 1; expected below 1, so that something"},
           {"load.split={validation_fraction: nan}", "load.split.validation_fraction is nan"},
           {"load.split={holdout_fraction: nan}", "load.split.holdout_fraction is nan"},
           {"train.model={}", "train.model is not chosen"},
           {"train.model.linear={}", "train.model.linear predicts a number, but load.task is CLASSIFICATION"},
           {"train.model.mlp={}", "train.model.mlp.hidden_sizes is []"},
           {"train.model.mlp.hidden_sizes=[8, 0]", "train.model.mlp.hidden_sizes is [8, 0]"},
           {"train.model.mlp.dropout=1", "train.model.mlp.dropout is 1"},
           {"train.model.mlp.dropout=-0.5", "train.model.mlp.dropout is -0.5"},
           {"train.model.mlp={hidden_sizes: 8 dropout: nan}", "train.model.mlp.dropout is nan"},
           {"train.criterion={}", "train.criterion.cross_entropy={} fits a classification"},
           {"train.criterion.mean_squared_error={}", "train.criterion.mean_squared_error needs numbers"},
           {"train.criterion.cross_entropy.class_weights=[1, -1]", "class_weights is [1, -1]"},
           {"train.criterion.cross_entropy.class_weights=[0, 0]", "class_weights is [0, 0]"},
           {"train.criterion.cross_entropy={class_weights: [1, inf]}", "class_weights is [1, inf]"},
           {"train.criterion.cross_entropy={class_weights: [1, nan]}", "class_weights is [1, nan]"},
           {"train.optimizer={}", "train.optimizer is not chosen"},
           {"train.optimizer.learning_rate=0", "train.optimizer.learning_rate is 0"},
           {"train.optimizer={learning_rate: inf adamw {}}", "train.optimizer.learning_rate is inf"},
           {"train.optimizer={learning_rate: nan adamw {}}", "train.optimizer.learning_rate is nan"},
           {"train.optimizer.weight_decay=-1", "train.optimizer.weight_decay is -1"},
           {"train.optimizer={weight_decay: inf adamw {}}", "train.optimizer.weight_decay is inf"},
           {"train.optimizer.sgd.momentum=1", "train.optimizer.sgd.momentum is 1"},
           {"train.optimizer.sgd={momentum: nan}", "train.optimizer.sgd.momentum is nan"},
           {"train.optimizer.adamw.beta1=1", "train.optimizer.adamw.beta1 is 1"},
           {"train.optimizer.adamw.beta2=-0.1", "train.optimizer.adamw.beta2 is -0.1"},
           {"train.optimizer.adamw.epsilon=0", "train.optimizer.adamw.epsilon is 0"},
           {"train.schedule.cosine={warmup_steps: 10 horizon_steps: 10}", "train.schedule.cosine.horizon_steps is 10"},
           {"train.schedule.cosine.horizon_steps=0", "train.schedule.cosine.horizon_steps is 0"},
           {"train.schedule.cosine.final_factor=1.5", "train.schedule.cosine.final_factor is 1.5"},
           {"train.schedule.cosine={final_factor: nan}", "train.schedule.cosine.final_factor is nan"},
           {"train.batch_size=0", "train.batch_size is 0"},
           {"train.gradient_shards=0", "train.gradient_shards is 0"},
           {"train.gradient_shards=6", "train.gradient_shards is 6; expected a power of two"},
           {"train.gradient_shards=64", "train.gradient_shards is 64; expected at most train.batch_size, which is 32"},
           {"train.threads_per_worker=0", "train.threads_per_worker is 0"},
           {"train.threads_per_worker=4097", "train.threads_per_worker is 4097"},
           {"train.workers=4097", "train.workers is 4097"},
           {"train.clip_norm=-1", "train.clip_norm is -1"},
           {"train.max_epochs=0", "train.max_epochs is 0"},
           {"train.early_stopping.min_delta=-1", "train.early_stopping.min_delta is -1"},
           {"train.snapshots.keep_last=0", "train.snapshots.keep_last is 0"},
           {"train.device=cudaa", "expected one of cpu, cuda, auto; did you mean cuda?"},
           {"evaluate.batch_size=0", "evaluate.batch_size is 0"},
           {"name=\"\\377\"", "name is \"\xEF\xBF\xBD\"; expected UTF-8"},
           {"load.ignored_columns=[\"\\377\"]", "load.ignored_columns is \"\xEF\xBF\xBD\"; expected UTF-8"},
           {"load.raw_filepath=\"/a\\000b\"", "load.raw_filepath holds a NUL"},
       }) {
    const std::string problem = Problem({override});
    EXPECT_THAT(problem, AllOf(HasSubstr(message), HasSubstr(options_.config_path))) << override;
    EXPECT_THAT(problem, Not(HasSubstr("\n"))) << override << " is one mistake and was told as several";
  }
  EXPECT_THAT(Problem({"load.split.validation_fraction=0", "train.early_stopping.patience=3"}),
              HasSubstr("train.early_stopping.patience needs a validation split"));
  EXPECT_THAT(Problem({"load.task=REGRESSION", "train.criterion={}"}),
              HasSubstr("train.criterion.mean_squared_error={} fits a regression"));
  EXPECT_THAT(Problem({"load.task=REGRESSION", "train.model.logistic={}", "train.criterion.mean_squared_error={}"}),
              HasSubstr("train.model.logistic predicts a label"));
  EXPECT_THAT(Problem({"load.task=REGRESSION"}), HasSubstr("train.criterion.cross_entropy needs labels"));
}

TEST_F(ValidateConfigTest, TellsAllMistakesAtOnce) {
  const absl::Status status = ValidateConfig(PipelineConfig());
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument,
                               AllOf(HasSubstr("6 fields cannot be used:\n  load.raw_filepath"),
                                     HasSubstr("\n  load.target_column"), HasSubstr("\n  load.task"),
                                     HasSubstr("\n  train.model"), HasSubstr("\n  train.criterion"),
                                     HasSubstr("\n  train.optimizer"))));
}

}  // namespace
}  // namespace baton
