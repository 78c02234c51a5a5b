// Bad input and bad surroundings, with the real programs: the right exit code, a message that names the place, nothing
// damaged, and the same command works once the cause is gone.

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/lock.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/pipeline_harness.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// The table with line `number` (1 is the header) replaced.
std::string WithLine(int number, const std::string& line) {
  std::vector<std::string> lines = absl::StrSplit(TableText(120), '\n');
  lines[number - 1] = line;
  return absl::StrJoin(lines, "\n");
}

struct BadTable {
  std::string name;
  std::string text;
  int exit_code;
  // Each must be in the message.
  std::vector<std::string> messages;
};

class BadTableTest : public testing::TestWithParam<BadTable> {};

TEST_P(BadTableTest, IsRefusedAndHarmsNothing) {
  const PipelineFolder pipeline("bad_table_" + GetParam().name);
  // On a fresh run directory, and beside finished work.
  for (const bool finished : {false, true}) {
    WriteText(pipeline.table(), TableText(120));
    if (finished) {
      ASSERT_EQ(pipeline.Run("run").exit_code, 0);
    }
    const FolderState before = StateOf(pipeline.run_dir());
    WriteText(pipeline.table(), GetParam().text);
    const ProcessResult result = pipeline.Run("run");
    EXPECT_EQ(result.exit_code, GetParam().exit_code) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr("table.csv"));
    for (const std::string& message : GetParam().messages) EXPECT_THAT(result.err, HasSubstr(message));
    for (const std::string& line : Differences(before, StateOf(pipeline.run_dir()), {"cache", "locks"})) {
      EXPECT_THAT(line, AnyOf(StartsWith("new "), "rewritten metadata", "rewritten load"));
    }
    // What the configuration names wrongly is refused before an attempt is begun.
    const StageRun::Status refused = finished ? StageRun::COMPLETE : StageRun::STATUS_UNSPECIFIED;
    EXPECT_EQ(pipeline.Record().load().stage().status(), GetParam().exit_code == 64 ? refused : StageRun::FAILED);
  }
  WriteText(pipeline.table(), TableText(120));
  const ProcessResult mended = pipeline.Run("run");
  EXPECT_EQ(mended.exit_code, 0) << mended.err;
}

INSTANTIATE_TEST_SUITE_P(
    All, BadTableTest,
    testing::Values(
        BadTable{"empty", "", 65, {"empty"}},  //
        BadTable{"header_only", "x1,x2,x3,x4,kind\n", 65, {}},
        BadTable{"ragged", WithLine(7, "0.1,0.2,0.3,left"), 65, {"table.csv:7"}},
        BadTable{"not_a_number", WithLine(9, "0.1,0.2,many,0.4,left"), 65, {"table.csv:9", "x3", "many"}},
        BadTable{"nan", WithLine(11, "0.1,nan,0.3,0.4,left"), 65, {"table.csv:11", "x2", "nan"}},
        BadTable{"missing_value", WithLine(12, "0.1,,0.3,0.4,left"), 65, {"table.csv:12", "x2"}},
        // It is the configuration that names the target.
        BadTable{"no_target", WithLine(1, "x1,x2,x3,x4,kin"), 64, {"load.table.target_column", "kind", "kin"}},
        BadTable{"one_class", absl::StrReplaceAll(TableText(120), {{",left", ",right"}}), 65, {"kind", "right"}}),
    [](const testing::TestParamInfo<BadTable>& test) { return test.param.name; });

// What is refused before anything is written.
struct BadUse {
  std::string name;
  std::vector<std::string> arguments;
  int exit_code;
  std::vector<std::string> messages;
};

class BadUseTest : public testing::TestWithParam<BadUse> {};

TEST_P(BadUseTest, IsRefusedBeforeAnythingIsWritten) {
  const PipelineFolder pipeline("bad_use_" + GetParam().name);
  for (const char* program : {"run", "load"}) {
    const ProcessResult result = pipeline.Run(program, GetParam().arguments);
    EXPECT_EQ(result.exit_code, GetParam().exit_code) << result.err;
    for (const std::string& message : GetParam().messages) EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_THAT(Differences({}, StateOf(pipeline.run_dir()), {"locks"}), IsEmpty()) << program;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BadUseTest,
    testing::Values(BadUse{"missing_file", {"load.raw_filepath=nowhere.csv"}, 66, {"nowhere.csv"}},
                    BadUse{"missing_config", {"--config=nowhere.textproto"}, 66, {"nowhere.textproto"}},
                    BadUse{"override_typo", {"train.max_epoch=3"}, 64, {"train.max_epoch", "max_epochs"}},
                    BadUse{"override_type", {"train.max_epochs=many"}, 64, {"train.max_epochs", "many"}},
                    BadUse{"wrong_model", {"train.model.linear={}"}, 64, {"train.model.linear", "CLASSIFICATION"}},
                    BadUse{"flag_typo", {"--run_dri=x"}, 64, {"run_dri", "run_dir"}}),
    [](const testing::TestParamInfo<BadUse>& test) { return test.param.name; });

TEST(BadSurroundings, ATypoInTheConfiguration) {
  const PipelineFolder pipeline("typo");
  WriteText(pipeline.config(), absl::StrReplaceAll(ReadText(pipeline.config()), {{"max_epochs", "max_epoch"}}));
  const ProcessResult result = pipeline.Run("run");
  EXPECT_EQ(result.exit_code, 64);
  // Line and nearest name.
  EXPECT_THAT(result.err, AllOf(HasSubstr("config.textproto:18"), HasSubstr("max_epochs")));
  EXPECT_FALSE(std::filesystem::exists(pipeline.run_dir()));
}

TEST(BadSurroundings, ALockedRunDirectory) {
  const PipelineFolder pipeline("locked");
  ASSERT_EQ(pipeline.Run("run").exit_code, 0);
  const FolderState before = StateOf(pipeline.run_dir());
  for (const char* name : {"run", "load", "train", "evaluate"}) {
    ASSERT_OK_AND_ASSIGN(const auto lock, FileLock::Acquire(pipeline.run_dir() + "/locks/" + name + ".lock",
                                                            FileLock::Mode::kExclusive));
    const ProcessResult locked = pipeline.Run("run", {"train.max_epochs=5"});
    EXPECT_EQ(locked.exit_code, 69) << name;
    EXPECT_THAT(locked.err, HasSubstr(absl::StrCat("process ", getpid()))) << name;
    // Nothing is to be done, so nothing is locked.
    EXPECT_EQ(pipeline.Run("run").exit_code, 0) << name;
  }
  EXPECT_THAT(Differences(before, StateOf(pipeline.run_dir()), {"cache", "locks"}), IsEmpty());
  EXPECT_EQ(pipeline.Run("run", {"train.max_epochs=5"}).exit_code, 0);
}

// Of folders; files in them lose or get the right to be written to.
void SetMode(const std::string& folder, mode_t mode) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    chmod(entry.path().c_str(), entry.is_directory() ? mode : mode & 0666);
  }
  chmod(folder.c_str(), mode);
}

TEST(BadSurroundings, AReadOnlyFolder) {
  const PipelineFolder pipeline("read_only");
  SetMode(pipeline.path("."), 0555);
  EXPECT_EQ(pipeline.Run("run").exit_code, 74);
  SetMode(pipeline.path("."), 0755);
  ASSERT_EQ(pipeline.Run("run").exit_code, 0);

  const FolderState before = StateOf(pipeline.run_dir());
  SetMode(pipeline.run_dir(), 0555);
  const ProcessResult refused = pipeline.Run("run", {"train.max_epochs=5"});
  EXPECT_EQ(refused.exit_code, 74);
  EXPECT_THAT(refused.err, HasSubstr(pipeline.run_dir()));
  // What is complete is skipped all the same, by the chain and by each stage.
  for (const char* program : {"run", "load", "train", "evaluate"}) {
    const ProcessResult skipped = pipeline.Run(program);
    EXPECT_EQ(skipped.exit_code, 0) << program << ": " << skipped.err;
    EXPECT_THAT(skipped.err, HasSubstr("complete, skipped"));
  }
  SetMode(pipeline.run_dir(), 0755);
  EXPECT_THAT(Differences(before, StateOf(pipeline.run_dir()), {"cache", "locks"}), IsEmpty());
  EXPECT_EQ(pipeline.Run("run", {"train.max_epochs=5"}).exit_code, 0);
}

// The disk is full at many different places, from the first file of load to the last of evaluate; each time what was
// there stays usable, and with room again the same command goes on. (Each time there is half as much again: what a
// failed attempt records takes room, too.)
TEST(BadSurroundings, AFullDisk) {
  const PipelineFolder pipeline("full_disk");
  if (!MountDisk(pipeline.run_dir(), 1 << 12)) GTEST_SKIP() << "not allowed to mount a tmpfs here";
  int failures = 0;
  int exit_code = 74;
  std::string said;
  for (int64_t bytes = 3 << 12; exit_code == 74 && bytes < 4 << 20; bytes += bytes / 2) {
    ResizeDisk(pipeline.run_dir(), bytes);
    const ProcessResult result = pipeline.Run("run");
    exit_code = result.exit_code;
    said = result.err;
    if (exit_code == 74) {
      EXPECT_THAT(result.err, HasSubstr("No space left on device"));
      ++failures;
    }
  }
  EXPECT_EQ(exit_code, 0) << said;
  EXPECT_GE(failures, 5);
  if (exit_code == 0) {
    const Metadata record = pipeline.Record();
    const PipelineFolder other("enough_room");
    ASSERT_EQ(other.Run("run").exit_code, 0);
    EXPECT_EQ(record.train().last_snapshot().model_sha256(), other.Record().train().last_snapshot().model_sha256());
  }
  UnmountDisk(pipeline.run_dir());
}

}  // namespace
}  // namespace baton
