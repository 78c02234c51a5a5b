#include "tests/pipeline_harness.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::ElementsAre;

ProcessResult RunShell(const std::string& script, const ProcessOptions& options = {}) {
  return RunProcess({"/bin/sh", "-c", script}, options);
}

TEST(PipelineHarness, TellsHowAProcessEndedAndWhatItSaid) {
  const ProcessResult result =
      RunShell("read line; echo \"$WORD\"; echo err >&2; exit 65", {.environment = {{"WORD", "x y"}}});
  EXPECT_EQ(result.exit_code, 65);
  EXPECT_EQ(result.out, "x y\n");
  EXPECT_EQ(result.err, "err\n");
  EXPECT_EQ(RunShell("kill -KILL $$").exit_code, 137);
}

TEST(PipelineHarness, SendsASignalWhenTheTimeHasCome) {
  const ProcessResult result = RunShell("trap 'exit 75' TERM; echo begun >&2; while :; do sleep 0.01; done",
                                        {.signal_when = [](const std::string& err) { return err == "begun\n"; }});
  EXPECT_EQ(result.exit_code, 75);
}

TEST(PipelineHarness, PermissionsBindRoot) {
  const std::string folder = testing::TempDir() + "/read_only";
  std::filesystem::create_directories(folder);
  chmod(folder.c_str(), 0555);
  EXPECT_NE(RunShell("touch " + folder + "/file 2>/dev/null").exit_code, 0);
  chmod(folder.c_str(), 0755);
  EXPECT_EQ(RunShell("touch " + folder + "/file").exit_code, 0);
}

TEST(PipelineHarness, TablesAreWhatTheySay) {
  EXPECT_EQ(TableText(50), TableText(50));
  EXPECT_NE(TableText(50), TableText(50, 1));
  const std::string text = TableText(500);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 501);
  EXPECT_EQ(text.substr(0, text.find('\n')), "x1,x2,x3,x4,kind");
  // Both kinds are there often, and no row twice.
  std::set<std::string> rows;
  int left = 0;
  for (size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
    const std::string row = text.substr(begin, text.find('\n', begin) - begin);
    left += row.ends_with(",left");
    rows.insert(row);
  }
  EXPECT_EQ(rows.size(), 501);
  EXPECT_GT(left, 200);
  EXPECT_LT(left, 300);
}

TEST(PipelineHarness, FindsWhatChangedInAFolder) {
  const std::string folder = testing::TempDir() + "/changing";
  std::filesystem::create_directories(folder + "/cache");
  for (const char* name : {"same", "touched", "edited", "gone", "cache/x"}) WriteText(folder + "/" + name, name);
  const FolderState before = StateOf(folder);
  EXPECT_THAT(Differences(before, StateOf(folder)), ElementsAre());
  const timespec long_ago[2] = {{1, 0}, {1, 0}};
  utimensat(AT_FDCWD, (folder + "/touched").c_str(), long_ago, 0);
  WriteText(folder + "/edited", "Edited");
  WriteText(folder + "/cache/x", "y");
  std::filesystem::remove(folder + "/gone");
  std::filesystem::create_directory(folder + "/new");
  EXPECT_THAT(Differences(before, StateOf(folder), {"cache"}),
              ElementsAre("rewritten edited", "gone gone", "rewritten touched", "new new"));
}

TEST(PipelineHarness, ADiskIsAsLargeAsItIs) {
  const std::string disk = testing::TempDir() + "/disk";
  if (!MountDisk(disk, 64 << 10)) GTEST_SKIP() << "not allowed to mount a tmpfs here";
  EXPECT_NE(RunShell("head -c 100000 /dev/zero >" + disk + "/file").exit_code, 0);
  ResizeDisk(disk, 1 << 20);
  EXPECT_EQ(RunShell("head -c 100000 /dev/zero >" + disk + "/file").exit_code, 0);
  UnmountDisk(disk);
}

}  // namespace
}  // namespace baton
