#include "metadata/generation_follower.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata/generation_folder.h"
#include "metadata/testing.h"

namespace baton {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Each test follows a record of two generations.
class FollowerTest : public ::testing::Test {
 protected:
  FollowerTest() { MakeRecord(run_dir_, 2); }

  void CommitByAnother(uint64_t size) { ASSERT_THAT(CommitSize(*OpenRecord(fs_, run_dir_), size), IsOk()); }
  void ExpectNewest(uint64_t generation, uint64_t next) {
    ASSERT_OK_AND_ASSIGN(const NewestGeneration newest, follower_.Find());
    EXPECT_EQ(newest.record.generation(), generation);
    EXPECT_EQ(newest.record.load().raw_file_size(), generation);
    EXPECT_EQ(newest.next_number, next);
  }
  int Listings() const {
    const std::vector<FaultyFileSystem::Call> calls = followed_fs_.calls();
    return static_cast<int>(std::count_if(calls.begin(), calls.end(), [](const FaultyFileSystem::Call& call) {
      return call.operation == FileOperation::kList;
    }));
  }
  // Damages a file in a way that its mtime shows even where clocks tick slowly.
  void Damage(uint64_t number) {
    const std::string path = GenerationPath(run_dir_, number);
    FlipByte(path, 20);
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  }
  void ExpectLost(const std::string& what) {
    for (int again = 0; again < 2; ++again) {
      EXPECT_THAT(follower_.Find(), StatusIs(absl::StatusCode::kDataLoss,
                                             AllOf(HasSubstr("was removed or replaced while"), HasSubstr(what))));
    }
  }

  const std::string run_dir_ = NewRunDir();
  const std::string folder_ = MetadataFolder(run_dir_);
  UnsyncedFileSystem fs_;
  FaultyFileSystem followed_fs_;
  GenerationFollower follower_{followed_fs_, folder_, std::chrono::hours(1)};
};

TEST_F(FollowerTest, StepsForwardWithoutListing) {
  ExpectNewest(2, 3);
  EXPECT_EQ(Listings(), 1);
  for (uint64_t i = 3; i <= 6; ++i) CommitByAnother(i);
  ExpectNewest(6, 7);
  CommitByAnother(7);
  ExpectNewest(7, 8);
  EXPECT_EQ(Listings(), 1);
}

TEST_F(FollowerTest, FollowsARecordFromItsBeginning) {
  const std::string run_dir = NewRunDir();
  GenerationFollower follower(followed_fs_, MetadataFolder(run_dir), std::chrono::hours(1));
  ASSERT_OK_AND_ASSIGN(NewestGeneration newest, follower.Find());
  EXPECT_FALSE(newest.record.has_generation());
  EXPECT_EQ(newest.next_number, 1);
  MakeRecord(run_dir, 3);
  ASSERT_OK_AND_ASSIGN(newest, follower.Find());
  EXPECT_EQ(newest.record.generation(), 3);
  EXPECT_EQ(Listings(), 1);
}

TEST_F(FollowerTest, PassesOverADamagedSuccessor) {
  ExpectNewest(2, 3);
  CommitByAnother(3);
  Damage(3);
  ASSERT_OK_AND_ASSIGN(const NewestGeneration newest, follower_.Find());
  EXPECT_EQ(newest.record.generation(), 2);
  EXPECT_EQ(newest.next_number, 4);
  ASSERT_EQ(newest.damaged.size(), 1);
  EXPECT_EQ(newest.damaged[0].name, "0000000003.binpb");
}

TEST_F(FollowerTest, NeverGivesOutANumberThatWasSetAside) {
  ExpectNewest(2, 3);
  CommitByAnother(3);
  Damage(3);
  ASSERT_THAT(OpenRecord(fs_, run_dir_)->Read(), IsOk());
  ASSERT_THAT(RecordFiles(run_dir_), ElementsAre("0000000001.binpb", "0000000002.binpb", "0000000003.binpb.damaged"));
  ExpectNewest(2, 4);
  CommitByAnother(4);
  ExpectNewest(4, 5);
}

TEST_F(FollowerTest, FindsDamageOfTheOneThatItKnows) {
  ExpectNewest(2, 3);
  Damage(2);
  ASSERT_OK_AND_ASSIGN(const NewestGeneration newest, follower_.Find());
  EXPECT_EQ(newest.record.generation(), 1);
  EXPECT_EQ(newest.next_number, 3);
  EXPECT_EQ(newest.damaged.size(), 1);
}

TEST_F(FollowerTest, TellsThatAnotherProcessSetAsideTheOneThatItKnows) {
  ExpectNewest(2, 3);
  Damage(2);
  ASSERT_THAT(OpenRecord(fs_, run_dir_)->Read(), IsOk());
  ASSERT_OK_AND_ASSIGN(const NewestGeneration newest, follower_.Find());
  EXPECT_EQ(newest.record.generation(), 1);
  EXPECT_EQ(newest.next_number, 3);
  EXPECT_THAT(newest.warning, HasSubstr("set aside by another process; going on with generation 1"));
}

// One that cannot be looked at is not one that is not there.
TEST_F(FollowerTest, AnErrorOfTheMachineHidesNoGeneration) {
  ExpectNewest(2, 3);
  CommitByAnother(3);
  followed_fs_.Inject({.operations = {FileOperation::kStat}, .path = "0000000003.binpb"});
  ExpectNewest(3, 4);
  followed_fs_.Inject({.operations = {FileOperation::kStat}, .path = "0000000004.binpb", .sticky = true});
  CommitByAnother(4);
  EXPECT_THAT(follower_.Find(), StatusIs(absl::StatusCode::kUnknown, HasSubstr("0000000004.binpb")));
  followed_fs_.Heal();
  ExpectNewest(4, 5);
}

TEST_F(FollowerTest, ARemovedNewestIsAnError) {
  ExpectNewest(2, 3);
  std::filesystem::remove(GenerationPath(run_dir_, 2));
  ExpectLost("now it is generation 1");
  // Whoever takes its number does not heal that.
  CommitByAnother(77);
  ExpectLost("now it is generation 2");
  CommitByAnother(78);
  ExpectLost("now it is generation 3");
}

TEST_F(FollowerTest, AFolderThatWasMovedAwayIsAnError) {
  ExpectNewest(2, 3);
  std::filesystem::rename(folder_, folder_ + ".away");
  ExpectLost("now it is not there");
  std::filesystem::rename(folder_ + ".away", folder_);
  ExpectNewest(2, 3);
}

TEST_F(FollowerTest, ARecordOfAnotherRunInItsPlaceIsAnError) {
  ExpectNewest(2, 3);
  const std::string other = NewRunDir();
  MakeRecord(other, 5);
  std::filesystem::rename(folder_, folder_ + ".away");
  std::filesystem::rename(MetadataFolder(other), folder_);
  ExpectLost("now it is generation 5");
}

TEST_F(FollowerTest, ACopyInItsPlaceIsTheSameRecord) {
  ExpectNewest(2, 3);
  std::filesystem::rename(folder_, folder_ + ".away");
  std::filesystem::copy(folder_ + ".away", folder_);
  CommitByAnother(3);
  ExpectNewest(3, 4);
}

// What only listing finds: the next number is free, and there is one above it.
TEST_F(FollowerTest, ListsAgainAfterAWhile) {
  GenerationFollower idle(followed_fs_, folder_, std::chrono::seconds(0));
  ASSERT_THAT(idle.Find(), IsOk());
  CommitByAnother(3);
  CommitByAnother(4);
  std::filesystem::remove(GenerationPath(run_dir_, 3));
  ASSERT_OK_AND_ASSIGN(const NewestGeneration newest, idle.Find());
  EXPECT_EQ(newest.record.generation(), 4);
  EXPECT_EQ(newest.next_number, 5);
  EXPECT_THAT(newest.warning, HasSubstr("is missing; the record in it is sound"));
}

}  // namespace
}  // namespace baton
