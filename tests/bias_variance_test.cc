// Rounds of the bias-variance decomposition, of real trainings. That they are resumed after faults, power cuts and
// kills is tried with all of evaluate (every_call_test, power_cut_test, kill_test); what follows from their predictions
// is pipeline/evaluate/bias_variance_test.cc's.

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pipeline/evaluate/evaluate_stage.h"
#include "pipeline/load/load_stage.h"
#include "pipeline/train/train_stage.h"
#include "tests/pipeline_harness.h"
#include "tests/small_pipeline.h"

namespace baton {
namespace {

using testing::Each;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

// All three stages.
absl::Status RunAll(const SmallPipeline& pipeline, std::vector<std::string> more = {}) {
  StageOptions options = pipeline.Options(Unsynced::Get());
  options.overrides.insert(options.overrides.end(), more.begin(), more.end());
  for (const auto& stage :
       {+[](const StageOptions& o) { return RunLoad(o); }, +[](const StageOptions& o) { return RunTrain(o); },
        +[](const StageOptions& o) { return RunEvaluate(o); }}) {
    const absl::Status status = stage(options);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

EvaluateSection Evaluated(const SmallPipeline& pipeline) { return ReadRecordOf(pipeline.run_dir()).evaluate(); }

// By name, without the key's folder.
FolderState Rounds(const SmallPipeline& pipeline) {
  return StateOf(pipeline.run_dir() + "/" + Evaluated(pipeline).rounds_folder());
}

// Finished rounds below a folder that somebody may be writing to.
size_t CountRounds(const std::string& folder) {
  size_t count = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename().string().starts_with("round-")) ++count;
  }
  return count;
}

FolderState FilesIn(const std::string& folder) {
  FolderState state = StateOf(folder);
  std::erase_if(state, [](const auto& entry) { return entry.second.is_folder; });
  return state;
}

std::map<std::string, std::string> Contents(const FolderState& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& [name, file] : folder) contents[name] = file.contents;
  return contents;
}

TEST(BiasVarianceRounds, AnyNumberOfWorkersGivesTheSameBits) {
  std::map<std::string, std::string> expected;
  for (const int workers : {1, 2, 3}) {
    const SmallPipeline pipeline({"evaluate.bias_variance.rounds=5", absl::StrCat("train.workers=", workers)});
    ASSERT_THAT(RunAll(pipeline), IsOk());
    const auto rounds = Contents(Rounds(pipeline));
    ASSERT_THAT(rounds, SizeIs(5));
    if (workers == 1) expected = rounds;
    EXPECT_EQ(rounds, expected) << workers;
    const EvaluateSection section = Evaluated(pipeline);
    EXPECT_EQ(section.bootstrap_rounds(), 5);
    EXPECT_GT(section.avg_variance(), 0);
    EXPECT_TRUE(section.has_avg_bias_standard_error());
  }
}

TEST(BiasVarianceRounds, RaisingTheirNumberTrainsTheNewOnesOnly) {
  const SmallPipeline at_once({"evaluate.bias_variance.rounds=4"});
  ASSERT_THAT(RunAll(at_once), IsOk());
  const SmallPipeline raised({"evaluate.bias_variance.rounds=2"});
  ASSERT_THAT(RunAll(raised), IsOk());
  const FolderState before = Rounds(raised);
  const FolderState train_before = StateOf(raised.run_dir() + "/train");
  ASSERT_THAT(RunAll(raised, {"evaluate.bias_variance.rounds=4"}), IsOk());
  EXPECT_THAT(Differences(before, Rounds(raised)),
              testing::ElementsAre("new round-000002.binpb", "new round-000003.binpb"));
  EXPECT_EQ(Contents(Rounds(raised)), Contents(Rounds(at_once)));
  EXPECT_EQ(Evaluated(raised).avg_variance(), Evaluated(at_once).avg_variance());
  // Lowered, the first ones are used; and none of it touches the training.
  ASSERT_THAT(RunAll(raised, {"evaluate.bias_variance.rounds=3"}), IsOk());
  EXPECT_EQ(Evaluated(raised).bootstrap_rounds(), 3);
  EXPECT_THAT(Differences(train_before, StateOf(raised.run_dir() + "/train")), IsEmpty());
}

TEST(BiasVarianceRounds, WhatIsMissingOrDamagedIsTrainedAgain) {
  const SmallPipeline pipeline({"evaluate.bias_variance.rounds=4"});
  ASSERT_THAT(RunAll(pipeline), IsOk());
  const auto expected = Contents(Rounds(pipeline));
  const EvaluateSection section = Evaluated(pipeline);
  const std::string folder = pipeline.run_dir() + "/" + section.rounds_folder();
  std::filesystem::remove(folder + "/round-000001.binpb");
  WriteText(folder + "/round-000002.binpb", ReadText(folder + "/round-000002.binpb") + "x");
  // Evaluated again, as its report is gone.
  std::filesystem::remove(pipeline.run_dir() + "/" + section.report());
  ASSERT_THAT(RunAll(pipeline), IsOk());
  ASSERT_TRUE(std::filesystem::remove(folder + "/round-000002.binpb.damaged"));
  EXPECT_EQ(Contents(Rounds(pipeline)), expected);
  EXPECT_EQ(Evaluated(pipeline).avg_expected_loss(), section.avg_expected_loss());
}

// Trained next to nothing, rounds differ by the weights that they began with, and only by those.
TEST(BiasVarianceRounds, EachBeginsWithWeightsOfItsOwnOrThoseThatTheRunHas) {
  const std::vector<std::string> barely = {"train.model.logistic={}", "train.optimizer.learning_rate=1e-9",
                                           "train.optimizer.weight_decay=0", "evaluate.bias_variance.rounds=6"};
  const SmallPipeline drawn(barely);
  ASSERT_THAT(RunAll(drawn), IsOk());
  EXPECT_GT(Evaluated(drawn).avg_variance(), 0);

  std::vector<std::string> fine_tuned = barely;
  fine_tuned.push_back(absl::StrCat("train.initial_weights.snapshot=", drawn.run_dir()));
  const SmallPipeline given(fine_tuned);
  ASSERT_THAT(RunAll(given), IsOk());
  EXPECT_EQ(Evaluated(given).avg_variance(), 0);
  EXPECT_EQ(Evaluated(given).avg_expected_loss(), Evaluated(given).avg_bias());
  EXPECT_EQ(Evaluated(given).avg_expected_loss(), Evaluated(given).holdout_performance().at("zero_one_loss"));

  // They must still be there.
  std::filesystem::remove_all(drawn.run_dir() + "/train");
  EXPECT_THAT(RunAll(given, {"evaluate.bias_variance.rounds=7"}),
              StatusIs(absl::StatusCode::kNotFound, testing::HasSubstr("bias-variance rounds begin with")));
}

TEST(BiasVarianceRounds, AreAbsentWhereNobodyAskedForThem) {
  const SmallPipeline pipeline({"evaluate.bias_variance.rounds=0"});
  ASSERT_THAT(RunAll(pipeline), IsOk());
  const EvaluateSection section = Evaluated(pipeline);
  EXPECT_FALSE(section.has_avg_expected_loss() || section.has_avg_bias() || section.has_avg_variance() ||
               section.has_bootstrap_rounds() || section.has_rounds_folder());
  EXPECT_FALSE(std::filesystem::exists(pipeline.run_dir() + "/rounds"));
  // One round has no variance, and no error.
  ASSERT_THAT(RunAll(pipeline, {"evaluate.bias_variance.rounds=1"}), IsOk());
  EXPECT_EQ(Evaluated(pipeline).avg_variance(), 0);
  EXPECT_FALSE(Evaluated(pipeline).has_avg_variance_standard_error());
}

// A signal ends it between two steps; what was finished stays.
TEST(BiasVarianceRounds, AfterASignalTheSameCommandGoesOn) {
  const PipelineFolder pipeline("bias_variance_signal");
  const std::vector<std::string> arguments = {"evaluate.bias_variance.rounds=400", "train.workers=1"};
  const std::string rounds = pipeline.run_dir() + "/rounds";
  const auto some_are_there = [&](const std::string&) { return CountRounds(rounds) > 0; };
  const ProcessResult stopped = pipeline.Run("run", arguments, {.signal_when = some_are_there});
  EXPECT_EQ(stopped.exit_code, 75) << stopped.err;
  EXPECT_THAT(stopped.err, testing::HasSubstr("of 400 rounds done; run the same command again"));
  EXPECT_EQ(pipeline.Record().evaluate().stage().status(), StageRun::INTERRUPTED);
  const FolderState before = FilesIn(rounds);
  const ProcessResult killed = pipeline.Run(
      "run", arguments,
      {.signal_when = [&](const std::string&) { return CountRounds(rounds) > before.size() + 3; }, .signal = SIGKILL});
  EXPECT_EQ(killed.exit_code, 128 + SIGKILL);
  ProcessResult last = {.exit_code = 69};
  for (int i = 0; i < 200 && last.exit_code == 69; ++i) last = pipeline.Run("run", arguments);
  ASSERT_EQ(last.exit_code, 0) << last.err;
  EXPECT_THAT(Differences(before, FilesIn(rounds)), Each(StartsWith("new ")));

  const PipelineFolder undisturbed("bias_variance_undisturbed");
  ASSERT_EQ(undisturbed.Run("run", arguments).exit_code, 0);
  EXPECT_EQ(Contents(StateOf(rounds)), Contents(StateOf(undisturbed.run_dir() + "/rounds")));
  EXPECT_EQ(pipeline.Record().evaluate().avg_variance(), undisturbed.Record().evaluate().avg_variance());
}

}  // namespace
}  // namespace baton
