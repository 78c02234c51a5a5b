// Training that is run again under another limit or in another environment: what was finished stays, and nothing that
// the configuration would not give is called complete.
#include <signal.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/pipeline_harness.h"

namespace baton {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// Everything in the snapshots that the record names as results.
FolderState Results(const PipelineFolder& folder) {
  FolderState results;
  const TrainSection train = folder.Record().train();
  for (const SnapshotReference& snapshot : {train.best_snapshot(), train.last_snapshot()}) {
    for (const auto& [name, file] : StateOf(absl::StrCat(folder.run_dir(), "/", snapshot.path()))) {
      results[absl::StrCat(snapshot.path(), "/", name)] = file;
    }
  }
  return results;
}

// Which of `results` are no longer as they were.
std::vector<std::string> Lost(const PipelineFolder& folder, const FolderState& results) {
  std::vector<std::string> lost;
  const FolderState now = StateOf(folder.run_dir());
  for (const auto& [name, file] : results) {
    const auto found = now.find(name);
    if (found == now.end() || found->second.contents != file.contents) lost.push_back(name);
  }
  return lost;
}

// Whether training has left a snapshot of this step or a later one. May be asked while it is at work.
bool HasSnapshotFrom(const PipelineFolder& folder, uint64_t step) {
  std::error_code error;
  for (const auto& key : std::filesystem::directory_iterator(folder.run_dir() + "/train", error)) {
    for (const auto& snapshot : std::filesystem::directory_iterator(key, error)) {
      if (snapshot.path().filename().string() >= absl::StrFormat("step-%012d", step)) return true;
    }
  }
  return false;
}

ProcessOptions KilledAfter(const PipelineFolder& folder, uint64_t step) {
  ProcessOptions options;
  options.signal = SIGKILL;
  options.signal_when = [&folder, step](const std::string&) { return HasSnapshotFrom(folder, step); };
  return options;
}

TEST(MoreEpochs, LeaveWhatWasFinished) {
  const PipelineFolder folder("finished");
  ASSERT_EQ(folder.Run("load").exit_code, 0);
  ASSERT_EQ(folder.Run("train", {"train.max_epochs=1"}).exit_code, 0);
  const FolderState first = Results(folder);
  ASSERT_FALSE(first.empty());
  // Killed on the way, and complete at last.
  ASSERT_EQ(folder.Run("train", {"train.max_epochs=100000"}, KilledAfter(folder, 60)).exit_code, 128 + SIGKILL);
  EXPECT_THAT(Lost(folder, first), IsEmpty());
  ASSERT_EQ(folder.Run("train", {"train.max_epochs=200"}).exit_code, 0);
  EXPECT_THAT(Lost(folder, first), IsEmpty());
  const FolderState second = Results(folder);
  ASSERT_EQ(folder.Run("train", {"train.max_epochs=204"}).exit_code, 0);
  EXPECT_THAT(Lost(folder, first), IsEmpty());
  EXPECT_THAT(Lost(folder, second), IsEmpty());
}

TEST(FewerEpochs, ThanWereDoneAreRefusedWhileUnfinished) {
  const PipelineFolder folder("fewer");
  ASSERT_EQ(folder.Run("load").exit_code, 0);
  ASSERT_EQ(folder.Run("train", {"train.max_epochs=100000"}, KilledAfter(folder, 60)).exit_code, 128 + SIGKILL);
  const ProcessResult refused = folder.Run("train", {"train.max_epochs=2"});
  EXPECT_EQ(refused.exit_code, 64);
  EXPECT_THAT(refused.err, HasSubstr("train.max_epochs is 2, but this unfinished training is at step"));
  EXPECT_THAT(refused.err, HasSubstr("--start_over"));
  const ProcessResult anew = folder.Run("train", {"train.max_epochs=2", "--start_over"});
  EXPECT_EQ(anew.exit_code, 0) << anew.err;
  EXPECT_EQ(folder.Record().train().history_size(), 2);
}

TEST(Schedule, AWarmupLongerThanTheScheduleIsRefused) {
  const PipelineFolder folder("warmup");
  ASSERT_EQ(folder.Run("load").exit_code, 0);
  const ProcessResult refused = folder.Run("train", {"train.schedule.cosine={}", "train.schedule.warmup_steps=100000"});
  EXPECT_EQ(refused.exit_code, 64);
  EXPECT_THAT(refused.err, HasSubstr("train.schedule.warmup_steps is 100000"));
}

// libtorch takes other kernels under this variable, as it does on another CPU.
TEST(Environment, OtherInstructionsAreAnnouncedAndRecorded) {
  const PipelineFolder folder("environment");
  ASSERT_EQ(folder.Run("load").exit_code, 0);
  ASSERT_EQ(folder.Run("train", {"train.max_epochs=1"}).exit_code, 0);
  ProcessOptions options;
  options.environment["ATEN_CPU_CAPABILITY"] = "default";
  const ProcessResult more = folder.Run("train", {"train.max_epochs=2"}, options);
  ASSERT_EQ(more.exit_code, 0) << more.err;
  EXPECT_THAT(more.err, HasSubstr("cpu_capability"));
  ASSERT_EQ(folder.Record().run().deviations_size(), 1);
  EXPECT_EQ(folder.Record().run().deviations(0).name(), "cpu_capability");
}

// What is complete is not begun anew because it may not go on here.
TEST(Environment, WhereItIsRefusedStartOverLeavesWhatWasFinished) {
  const PipelineFolder folder("refused");
  ASSERT_EQ(folder.Run("load").exit_code, 0);
  ASSERT_EQ(folder.Run("train", {"train.max_epochs=1"}).exit_code, 0);
  const FolderState finished = Results(folder);
  ProcessOptions options;
  options.environment["ATEN_CPU_CAPABILITY"] = "default";
  const ProcessResult refused =
      folder.Run("train", {"train.max_epochs=2", "train.strict_environment=true", "--start_over"}, options);
  EXPECT_EQ(refused.exit_code, 78) << refused.err;
  EXPECT_THAT(Lost(folder, finished), IsEmpty());
}

}  // namespace
}  // namespace baton
