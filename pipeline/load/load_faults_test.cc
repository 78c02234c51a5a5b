// The load stage when something goes wrong in the middle of it.

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_replace.h"
#include "base/errors.h"
#include "data/dataset.h"
#include "pipeline/load/load_fixture.h"

namespace baton {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using LoadFaultsTest = LoadFixture;

// Changes the raw file when it is opened for the third time: it is digested before and under the lock (so new a file is
// not believed to be unchanged), then read.
class ChangesWhileRead : public Unsynced {
 public:
  ChangesWhileRead(std::string path, std::string contents) : path_(std::move(path)), contents_(std::move(contents)) {}
  int Open(const std::string& path, int flags, mode_t mode) override {
    if (path == path_ && ++opened_ == 3) {
      EXPECT_THAT(ReplaceFile(Unsynced::Get(), path_, contents_), IsOk());
    }
    return Unsynced::Open(path, flags, mode);
  }

 private:
  const std::string path_;
  const std::string contents_;
  int opened_ = 0;
};

TEST_F(LoadFaultsTest, ARawFileThatChangesWhileItIsReadIsRefused) {
  for (const std::string& changed : {absl::StrReplaceAll(Points(), {{"7.5", "7.6"}}), std::string("half a fi")}) {
    Clear();
    ChangesWhileRead fs(Raw(), changed);
    EXPECT_THAT(Load({}, &fs), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("was changed while it was read")));
    EXPECT_EQ(Record().load().stage().status(), StageRun::FAILED);
    EXPECT_FALSE(Record().load().has_dataset_version());
    EXPECT_THAT(Keys(), IsEmpty());
  }
}

// Whatever call fails, what was complete stays, and the same command then runs through.
TEST_F(LoadFaultsTest, EveryFailingCallLeavesWhatTheNextRunNeeds) {
  ASSERT_THAT(Load({"seed=6"}), IsOk());
  const std::string complete = OutputFolder();
  const std::filesystem::path run = run_.path();
  const std::filesystem::path before = JoinPath(folder_, "before");
  std::filesystem::rename(run, before);
  const int faults = ForEachFault(
      {.path = run_.path(), .error = ENOSPC},
      [&] {
        std::filesystem::remove_all(run);
        std::filesystem::copy(before, run, std::filesystem::copy_options::recursive);
      },
      [&](FileSystem& fs) { return Load({}, &fs); },
      [&](FaultyFileSystem& fs, const absl::Status&) {
        ASSERT_THAT(VerifyDataset(fs_, complete), IsOk());
        ASSERT_THAT(Load({}, &fs), IsOk());
        ASSERT_EQ(Record().load().stage().status(), StageRun::COMPLETE);
        ASSERT_THAT(VerifyDataset(fs_, OutputFolder()), IsOk());
        ASSERT_THAT(Keys(), SizeIs(2));
      });
  EXPECT_GT(faults, 30);
}

// Sends the signal when the training split is about to be written.
class Interrupts : public Unsynced {
 public:
  int Open(const std::string& path, int flags, mode_t mode) override {
    if (BaseName(path) == "train.safetensors") raise(SIGTERM);
    return Unsynced::Open(path, flags, mode);
  }
};

TEST_F(LoadFaultsTest, ASignalInterruptsBetweenSteps) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        Interrupts fs;
        std::_Exit(ExitCode(Load({}, &fs)));
      },
      testing::ExitedWithCode(75), "");
  EXPECT_EQ(Record().load().stage().status(), StageRun::INTERRUPTED);
  EXPECT_THAT(Keys(), IsEmpty());
  ASSERT_THAT(Load(), IsOk());
  ASSERT_EQ(Record().load().stage().attempts_size(), 2);
  EXPECT_EQ(Record().load().stage().status(), StageRun::COMPLETE);
}

}  // namespace
}  // namespace baton
