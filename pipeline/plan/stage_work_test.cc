#include "pipeline/plan/stage_work.h"

#include <sys/stat.h>

#include <string>

#include "base/files.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "base/testing/temporary_folder.h"
#include "gtest/gtest.h"
#include "metadata/section_writer.h"

namespace baton {
namespace {

using testing::HasSubstr;

// How often the planner below was asked, and how often it was to say that there is work.
int asked = 0;
int times_with_work = 0;

bool refuses = false;

absl::StatusOr<StagePlan> CountedPlan(const PlanContext&, const Metadata&) {
  if (refuses) return absl::InvalidArgumentError("train is unfinished (killed)");
  StagePlan plan;
  plan.action = asked++ < times_with_work ? Action::kWork : Action::kSkip;
  return plan;
}

class StageWorkTest : public testing::Test {
 protected:
  StageWorkTest() : run_(folder_.path() + "/run") {
    options_.fs = &fs_;
    options_.run_dir = run_.path();
    config_.set_name("points");
    asked = 0;
    refuses = false;
  }
  absl::StatusOr<std::optional<StageWork>> Begin(absl::string_view stage) {
    DigestCache digests(fs_, run_.DigestCacheFile());
    return BeginWork(options_, config_, run_, stage, CountedPlan, digests);
  }

  FileSystem& fs_ = Unsynced::Get();
  const TemporaryFolder folder_;
  const RunDirectory run_;
  StageOptions options_;
  PipelineConfig config_;
};

// What is complete is skipped also where no lock can be taken.
TEST_F(StageWorkTest, NothingToDoTakesNoLock) {
  times_with_work = 0;
  ASSERT_THAT(MakeFolders(fs_, run_.LockFolder()), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto held, FileLock::Acquire(run_.LockFile(kTrainStage), FileLock::Mode::kExclusive));
  ASSERT_OK_AND_ASSIGN(const std::optional<StageWork> work, Begin(kTrainStage));
  EXPECT_FALSE(work.has_value());
  EXPECT_EQ(asked, 1);
  times_with_work = 9;
  EXPECT_THAT(Begin(kTrainStage).status(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("train.lock")));
}

// What a process at work has begun looks like what one that was killed has left.
TEST_F(StageWorkTest, AnErrorIsNotToldOfWhatAnotherProcessIsAt) {
  refuses = true;
  EXPECT_THAT(Begin(kEvaluateStage).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("killed")));
  EXPECT_FALSE(*Exists(fs_, run_.path())) << "nothing was written";
  ASSERT_THAT(MakeFolders(fs_, run_.LockFolder()), IsOk());
  {
    ASSERT_OK_AND_ASSIGN(const auto held, FileLock::Acquire(run_.LockFile(kTrainStage), FileLock::Mode::kExclusive));
    EXPECT_THAT(Begin(kEvaluateStage).status(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("train.lock")));
    EXPECT_THAT(Begin(kTrainStage).status(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("train.lock")));
  }
  EXPECT_THAT(Begin(kTrainStage).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("killed")));
}

TEST_F(StageWorkTest, AsksAgainUnderTheLock) {
  times_with_work = 9;
  ASSERT_OK_AND_ASSIGN(const std::optional<StageWork> work, Begin(kEvaluateStage));
  ASSERT_TRUE(work.has_value());
  EXPECT_EQ(asked, 2);
  ASSERT_EQ(work->locks.size(), 3);
  EXPECT_THAT(FileLock::Acquire(run_.LockFile(kEvaluateStage), FileLock::Mode::kShared).status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("")));
  // Those of the stages before are shared.
  EXPECT_THAT(FileLock::Acquire(run_.LockFile(kTrainStage), FileLock::Mode::kShared).status(), IsOk());
  EXPECT_THAT(FileLock::Acquire(run_.LockFile(kLoadStage), FileLock::Mode::kExclusive).status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("")));
}

// Another process completed it between the two questions.
TEST_F(StageWorkTest, TheAnswerUnderTheLockCounts) {
  times_with_work = 1;
  ASSERT_OK_AND_ASSIGN(const std::optional<StageWork> work, Begin(kLoadStage));
  EXPECT_FALSE(work.has_value());
  EXPECT_EQ(asked, 2);
  EXPECT_THAT(FileLock::Acquire(run_.LockFile(kLoadStage), FileLock::Mode::kExclusive).status(), IsOk());
}

}  // namespace
}  // namespace baton
