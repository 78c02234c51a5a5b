// `inspect diff` and `inspect history`.
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata/inspect.h"
#include "metadata/section_writer.h"
#include "metadata/testing.h"
#include "nlohmann/json.hpp"

namespace baton {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

// A record of five generations: load begins and ends, train begins, reports nine measurements, and ends.
class InspectChangesTest : public ::testing::Test {
 protected:
  InspectChangesTest() { Make(run_dir_, "0.1"); }

  static void Make(const std::string& run_dir, const std::string& learning_rate) {
    UnsyncedFileSystem fs;
    const auto store = OpenRecord(fs, run_dir);
    KeyInputs inputs;
    inputs.Add("learning_rate", learning_rate);
    SectionWriter<LoadSection> load(*store);
    ASSERT_THAT(load.BeginAttempt({}, {}), IsOk());
    ASSERT_THAT(load.FinishAttempt(StageRun::COMPLETE, "", [](LoadSection& section) { section.set_rows(150); }),
                IsOk());
    SectionWriter<TrainSection> train(*store);
    ASSERT_THAT(train.BeginAttempt(inputs, {}), IsOk());
    ASSERT_THAT(train.Update([](TrainSection& section) {
      for (int i = 0; i < 9; ++i) section.add_history()->set_step_index(i);
    }),
                IsOk());
    ASSERT_THAT(train.FinishAttempt(StageRun::COMPLETE), IsOk());
  }
  std::string Ask(std::vector<std::string> arguments, const std::string& format = "text",
                  absl::StatusCode code = absl::StatusCode::kOk) {
    InspectOptions options;
    options.arguments = std::move(arguments);
    options.format = format;
    options.working_folder = "/";
    std::string output;
    EXPECT_EQ(Inspect(FileSystem::Posix(), options, output).code(), code);
    return output;
  }

  const std::string run_dir_ = NewRunDir();
};

TEST_F(InspectChangesTest, DiffBetweenGenerations) {
  EXPECT_THAT(Ask({"diff", run_dir_ + "@3", "@4"}),
              AllOf(HasSubstr("generation 3"), HasSubstr("generation 4"), HasSubstr("\nresults\n"),
                    HasSubstr("9 added: train.history[0] to train.history[8]"), HasSubstr("\ncircumstances\n"),
                    Not(HasSubstr("\ninputs\n"))));
  EXPECT_THAT(Ask({"diff", run_dir_ + "@4", run_dir_}),
              AllOf(HasSubstr("train.stage.status"), HasSubstr("RUNNING -> COMPLETE")));
  EXPECT_THAT(Ask({"diff", run_dir_, run_dir_}), HasSubstr("no field differs"));
}

TEST_F(InspectChangesTest, DiffBetweenRunsBeginsWithTheInputs) {
  const std::string other = NewRunDir();
  Make(other, "0.2");
  const std::string text = Ask({"diff", run_dir_, other});
  const size_t inputs = text.find("train.stage.key_inputs[learning_rate].value");
  const size_t circumstances = text.find("run.run_id");
  EXPECT_THAT(text, HasSubstr("0.1 -> 0.2"));
  ASSERT_NE(circumstances, std::string::npos);
  EXPECT_LT(inputs, circumstances);
}

TEST_F(InspectChangesTest, DiffAsJson) {
  const nlohmann::json json = nlohmann::json::parse(Ask({"diff", run_dir_ + "@1", "@2"}, "json"));
  EXPECT_EQ(json["before"]["run_dir"], run_dir_);
  EXPECT_EQ(json["before"]["generation"], 1);
  EXPECT_EQ(json["after"]["generation"], 2);
  EXPECT_EQ(json["after"]["sha256"].get<std::string>().size(), 64);
  const nlohmann::json status = {
      {"topic", "results"}, {"field", "load.stage.status"}, {"before", "RUNNING"}, {"after", "COMPLETE"}};
  const nlohmann::json rows = {{"topic", "results"}, {"field", "load.rows"}, {"after", "150"}};
  EXPECT_THAT(json["changes"], testing::IsSupersetOf({status, rows}));
}

TEST_F(InspectChangesTest, DiffNeedsBothToBeThere) {
  Ask({"diff", run_dir_, run_dir_ + "@9"}, "text", absl::StatusCode::kNotFound);
  Ask({"diff", run_dir_}, "text", absl::StatusCode::kInvalidArgument);
  Ask({"diff", run_dir_, "@0"}, "text", absl::StatusCode::kInvalidArgument);
}

TEST_F(InspectChangesTest, HistoryHasALineForEachGeneration) {
  const std::vector<std::string> lines = absl::StrSplit(Ask({"history", run_dir_}), '\n');
  ASSERT_EQ(lines.size(), 7);  // a heading, and an empty one behind the last
  EXPECT_THAT(lines[1], MatchesRegex("1 +20..-..-.. ..:..:.. UTC +load +[^ ]+:[0-9]+ +load.stage.status .not set. -> "
                                     "RUNNING; .*load.stage.attempts .1.*"));
  EXPECT_THAT(lines[2], MatchesRegex("2 .* load .*load.stage.status RUNNING -> COMPLETE; load.rows .not set. -> 150"));
  EXPECT_THAT(lines[3], HasSubstr("train.stage.key_inputs +1"));
  EXPECT_THAT(lines[4], MatchesRegex("4 .* train .*:[0-9]+ +train.history .9"));
  EXPECT_THAT(lines[5], MatchesRegex("5 .* train .*train.stage.status RUNNING -> COMPLETE"));
  EXPECT_EQ(std::vector<std::string>(absl::StrSplit(Ask({"history", run_dir_ + "@2"}), '\n')).size(), 4);
}

TEST_F(InspectChangesTest, HistoryAsJson) {
  const nlohmann::json json = nlohmann::json::parse(Ask({"history", run_dir_}, "json"));
  ASSERT_EQ(json["generations"].size(), 5);
  const nlohmann::json& fourth = json["generations"][3];
  EXPECT_EQ(fourth["generation"], 4);
  EXPECT_EQ(fourth["committed_by"], "train");
  EXPECT_EQ(fourth["pid"], getpid());
  EXPECT_EQ(fourth["attempt_id"].get<std::string>().size(), 16);
  EXPECT_THAT(fourth["changes"],
              testing::Contains(
                  nlohmann::json({{"topic", "results"}, {"field", "train.history[8]"}, {"after", "step_index: 8"}})));
}

TEST_F(InspectChangesTest, HistoryNamesADamagedGenerationAndGoesOn) {
  FlipByte(GenerationPath(run_dir_, 2), 20);
  const std::string text = Ask({"history", run_dir_}, "text", absl::StatusCode::kDataLoss);
  EXPECT_THAT(text, AllOf(HasSubstr("0000000002.binpb: was changed"), HasSubstr("train.history +9")));
  const nlohmann::json json = nlohmann::json::parse(Ask({"history", run_dir_}, "json", absl::StatusCode::kDataLoss));
  EXPECT_THAT(json["generations"][1]["error"].get<std::string>(), HasSubstr("was changed"));
  Ask({"history", NewRunDir()}, "text", absl::StatusCode::kNotFound);
}

TEST_F(InspectChangesTest, HistoryNamesMissingGenerations) {
  std::filesystem::remove(GenerationPath(run_dir_, 2));
  std::filesystem::remove(GenerationPath(run_dir_, 3));
  const std::string text = Ask({"history", run_dir_}, "text", absl::StatusCode::kDataLoss);
  EXPECT_THAT(text, HasSubstr("0000000002.binpb is missing, and all up to 0000000003.binpb"));
  const nlohmann::json json = nlohmann::json::parse(Ask({"history", run_dir_}, "json", absl::StatusCode::kDataLoss));
  ASSERT_EQ(json["generations"].size(), 4);
  EXPECT_EQ(json["generations"][1]["generation"], 2);
  EXPECT_EQ(json["generations"][2]["generation"], 4);
  Ask({"history", run_dir_ + "@1"});
  Ask({"history", run_dir_ + "@3"}, "text", absl::StatusCode::kDataLoss);
}

TEST_F(InspectChangesTest, HistoryUpToOneThatIsNotThere) {
  InspectOptions options;
  options.arguments = {"history", run_dir_ + "@99"};
  options.working_folder = "/";
  std::string output;
  EXPECT_THAT(
      Inspect(FileSystem::Posix(), options, output),
      StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("no generation 99"), HasSubstr("newest is generation 5"))));
  EXPECT_EQ(output, "");
}

}  // namespace
}  // namespace baton
