#include "pipeline/run/stage_program.h"

#include <string>

#include "base/files.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class FindStageProgramTest : public testing::Test {
 protected:
  FindStageProgramTest() {
    EXPECT_THAT(RemoveTree(fs_, folder_), IsOk());
    EXPECT_THAT(MakeFolders(fs_, folder_ + "/train"), IsOk());
    EXPECT_THAT(MakeFolders(fs_, folder_ + "/run"), IsOk());
  }
  absl::StatusOr<std::string> Find() { return FindStageProgram(fs_, folder_ + "/run/run", "train"); }

  FileSystem& fs_ = FileSystem::Posix();
  const std::string folder_ = testing::TempDir() + "/programs";
};

TEST_F(FindStageProgramTest, SaysWhereItLooked) {
  EXPECT_THAT(Find(), StatusIs(absl::StatusCode::kNotFound,
                               AllOf(HasSubstr(folder_ + "/train/train"), HasSubstr(folder_ + "/run/train"))));
}

TEST_F(FindStageProgramTest, InTheSameFolder) {
  ASSERT_THAT(ReplaceFile(fs_, folder_ + "/run/train", "x"), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string path, Find());
  EXPECT_EQ(path, folder_ + "/run/train");
}

TEST_F(FindStageProgramTest, TheSameFolderComesFirst) {
  ASSERT_THAT(ReplaceFile(fs_, folder_ + "/run/train", "x"), IsOk());
  ASSERT_THAT(ReplaceFile(fs_, folder_ + "/train/train", "x"), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string path, Find());
  EXPECT_EQ(path, folder_ + "/run/train");
}

TEST_F(FindStageProgramTest, AsBazelBuildsThem) {
  ASSERT_THAT(ReplaceFile(fs_, folder_ + "/train/train", "x"), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string path, Find());
  EXPECT_EQ(path, folder_ + "/train/train");
}

TEST_F(FindStageProgramTest, AFolderIsNoProgram) {
  ASSERT_THAT(MakeFolders(fs_, folder_ + "/train/train"), IsOk());
  EXPECT_THAT(Find(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("train")));
}

}  // namespace
}  // namespace baton
