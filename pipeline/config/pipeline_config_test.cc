#include "pipeline/config/pipeline_config.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "base/testing/temporary_folder.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kText[] = R"(
name: "iris"
seed: 7
load { raw_filepath: "../data/iris.csv" table { target_column: "species" task: CLASSIFICATION } }
train {
  model { mlp { hidden_sizes: [16, 8] } }
  criterion { cross_entropy {} }
  optimizer { learning_rate: 0.1 adamw { beta1: 0.8 } }
}
)";

class PipelineConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.run_dir = folder_ + "/run";
    options_.config_path = folder_ + "/configs/iris.textproto";
    options_.working_folder = folder_ + "/here";
    Write(options_.config_path, kText);
  }

  static void Write(const std::string& path, absl::string_view text) {
    ASSERT_THAT(MakeFolders(FileSystem::Posix(), ParentFolder(path)), IsOk());
    ASSERT_THAT(ReplaceFile(FileSystem::Posix(), path, text), IsOk());
  }

  const TemporaryFolder temporary_folder_;
  const std::string folder_ = temporary_folder_.path();
  StageOptions options_;
};

TEST_F(PipelineConfigTest, ReadsAFileWithPathsRelativeToIt) {
  ASSERT_OK_AND_ASSIGN(const PipelineConfig config, ResolveConfig(options_));
  EXPECT_EQ(config.load().raw_filepath(), folder_ + "/data/iris.csv");
  EXPECT_EQ(config.seed(), 7);
  EXPECT_EQ(config.train().model().mlp().hidden_sizes(1), 8);
}

TEST_F(PipelineConfigTest, EveryExampleIsGood) {
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> names, ListFolder(FileSystem::Posix(), "configs"));
  ASSERT_GE(names.size(), 5);
  for (const std::string& name : names) {
    options_.config_path = AbsolutePath("configs/" + name, std::filesystem::current_path().string());
    const absl::StatusOr<PipelineConfig> config = ResolveConfig(options_);
    ASSERT_THAT(config, IsOk());
    EXPECT_THAT(config->load().raw_filepath(), HasSubstr("/datasets/"));
  }
}

TEST_F(PipelineConfigTest, AppliesOverridesInOrderWithPathsRelativeToTheUser) {
  options_.overrides = {"train.max_epochs=3", "load.raw_filepath=../mine.csv", "train.max_epochs=4",
                        "train.optimizer.sgd={}", "train.optimizer.sgd.momentum=0.9"};
  ASSERT_OK_AND_ASSIGN(PipelineConfig config, ResolveConfig(options_));
  EXPECT_EQ(config.load().raw_filepath(), folder_ + "/mine.csv");
  EXPECT_EQ(config.train().max_epochs(), 4);
  EXPECT_EQ(config.train().optimizer().sgd().momentum(), 0.9);
  EXPECT_EQ(config.train().optimizer().learning_rate(), 0.1);

  options_.overrides = {"load.raw_filepath=/data/x.csv", "train.initial_weights.snapshot=../runs/a"};
  ASSERT_OK_AND_ASSIGN(config, ResolveConfig(options_));
  EXPECT_EQ(config.load().raw_filepath(), "/data/x.csv");
  EXPECT_EQ(config.train().initial_weights().snapshot(), folder_ + "/runs/a");
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

TEST_F(PipelineConfigTest, SaysWhichFileHoldsWhatCannotBeUsed) {
  Write(options_.config_path, std::string(kText) + "evaluate { batch_size: 0 }");
  EXPECT_THAT(ResolveConfig(options_),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       StartsWith(options_.config_path + ": evaluate.batch_size is 0; expected at least 1")));
  options_.overrides = {"train.batch_size=0"};
  Write(options_.config_path, kText);
  EXPECT_THAT(ResolveConfig(options_),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       StartsWith(options_.config_path + " with the overrides: train.batch_size is 0")));
}

TEST_F(PipelineConfigTest, AnErrorOfReadingIsNoMissingFile) {
  FaultyFileSystem fs;
  fs.Inject({.operations = {FileOperation::kReadAt}});
  options_.fs = &fs;
  EXPECT_THAT(ResolveConfig(options_), StatusIs(absl::StatusCode::kUnknown, HasSubstr("iris.textproto")));
}

}  // namespace
}  // namespace baton
