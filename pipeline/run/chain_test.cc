#include "pipeline/run/chain.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// The chain with a load that is a shell script. What real stages do, tests/pipeline_test.cc tells.
class ChainTest : public testing::Test {
 protected:
  ChainTest()
      : folder_(AbsolutePath(testing::UnitTest::GetInstance()->current_test_info()->name(), testing::TempDir())) {
    EXPECT_THAT(RemoveTree(fs_, folder_), IsOk());
    EXPECT_THAT(MakeFolders(fs_, folder_), IsOk());
    EXPECT_THAT(ReplaceFile(fs_, folder_ + "/raw.csv", "x,y\n1,a\n"), IsOk());
    EXPECT_THAT(ReplaceFile(fs_, folder_ + "/config.textproto", R"(
                  load { raw_filepath: "raw.csv" table { target_column: "y" task: CLASSIFICATION } }
                  train { model { logistic {} } criterion { cross_entropy {} } optimizer { adamw {} } })"),
                IsOk());
    options_.run_dir = folder_ + "/run";
    options_.config_path = folder_ + "/config.textproto";
    options_.working_folder = folder_;
  }

  absl::Status RunWithLoad(const std::string& script) {
    EXPECT_THAT(ReplaceFile(fs_, folder_ + "/load", "#!/bin/sh\n" + script), IsOk());
    EXPECT_EQ(chmod((folder_ + "/load").c_str(), 0755), 0);
    const absl::Status status = RunChain(options_, folder_ + "/program", summary_);
    EXPECT_EQ(summary_, "");
    return status;
  }

  FileSystem& fs_ = FileSystem::Posix();
  const std::string folder_;
  StageOptions options_;
  std::string summary_;
};

TEST_F(ChainTest, AStagesErrorEndsItWithTheSameExitCode) {
  for (const int code : {64, 65, 66, 69, 70, 74, 75, 78}) {
    EXPECT_EQ(ExitCode(RunWithLoad(absl::StrCat("exit ", code))), code);
  }
  EXPECT_EQ(ExitCode(RunWithLoad("exit 1")), 70);
}

TEST_F(ChainTest, AKilledStageCanBeRunAgainACrashIsAFault) {
  for (const char* signal : {"KILL", "TERM", "INT"}) {
    EXPECT_THAT(RunWithLoad(absl::StrCat("kill -", signal, " $$")),
                StatusIs(absl::StatusCode::kCancelled, HasSubstr("load was killed")));
  }
  EXPECT_THAT(RunWithLoad("kill -SEGV $$"), StatusIs(absl::StatusCode::kInternal, HasSubstr("load crashed")));
}

TEST_F(ChainTest, ASignalEndsItAlsoIfTheStageCompletes) {
  EXPECT_THAT(RunWithLoad("trap 'exit 0' TERM; kill -TERM $PPID; while :; do sleep 0.01; done"),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("after load was complete")));
}

TEST_F(ChainTest, AStageThatDoesNothingIsFoundOut) {
  EXPECT_THAT(RunWithLoad("exit 0"), StatusIs(absl::StatusCode::kInternal, HasSubstr("load ended with exit code 0")));
}

TEST_F(ChainTest, StagesFindTheConfigurationInTheRunDirectory) {
  options_.overrides = {"seed=7"};
  options_.start_over = true;
  const std::string seen = folder_ + "/seen";
  EXPECT_EQ(ExitCode(RunWithLoad("echo \"$@\" >" + seen + "; cat " + options_.run_dir + "/config.textproto >>" + seen +
                                 "; exit 65")),
            65);
  ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(fs_, seen));
  EXPECT_THAT(text, AllOf(StartsWith("--run_dir=" + options_.run_dir + " --start_over\n"), HasSubstr("seed: 7\n"),
                          HasSubstr("\"" + folder_ + "/raw.csv\"")));
}

TEST_F(ChainTest, AConfigurationThatIsRefusedDoesNotStay) {
  const std::string saved = options_.run_dir + "/config.textproto";
  EXPECT_EQ(ExitCode(RunWithLoad("exit 64")), 64);
  EXPECT_FALSE(*Exists(fs_, saved));
  EXPECT_EQ(ExitCode(RunWithLoad("exit 65")), 65);
  ASSERT_OK_AND_ASSIGN(const std::string before, ReadFile(fs_, saved));
  options_.overrides = {"load.table.target_column=z"};
  EXPECT_EQ(ExitCode(RunWithLoad("exit 64")), 64);
  ASSERT_OK_AND_ASSIGN(const std::string after, ReadFile(fs_, saved));
  EXPECT_EQ(after, before);
}

TEST_F(ChainTest, WhileItIsAtWorkTheRunDirectoryIsLocked) {
  const std::string second = folder_ + "/second";
  EXPECT_EQ(ExitCode(RunWithLoad("cat " + options_.run_dir + "/locks/run.lock >" + second + "; exit 65")), 65);
  ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(fs_, second));
  EXPECT_THAT(text, HasSubstr(absl::StrCat("process ", getpid(), " ")));
}

TEST_F(ChainTest, ADryRunSaysWhatWouldBeDoneAndWritesNothing) {
  ASSERT_OK_AND_ASSIGN(const std::string text, DryRun(options_));
  EXPECT_EQ(text, "load would run\ntrain would follow load\nevaluate would follow load\n");
  EXPECT_FALSE(*Exists(fs_, options_.run_dir));
  options_.overrides = {"load.raw_filepath=gone.csv"};
  EXPECT_THAT(DryRun(options_).status(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("load.raw_filepath")));
  EXPECT_FALSE(*Exists(fs_, options_.run_dir));
}

}  // namespace
}  // namespace baton
