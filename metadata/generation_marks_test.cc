// A number whose file was set aside: who takes it, who reads what stands beside its mark, and how it counts again.
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata/generation_folder.h"
#include "metadata/generation_follower.h"
#include "metadata/testing.h"
#include "metadata/verify.h"

namespace baton {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// A record of two generations.
class GenerationMarksTest : public ::testing::Test {
 protected:
  GenerationMarksTest() { MakeRecord(run_dir_, 2); }
  void MakeMore(int generations) {
    for (int i = 0; i < generations; ++i) ASSERT_THAT(CommitSize(*OpenRecord(fs_, run_dir_), 3 + i), IsOk());
  }

  const std::string run_dir_ = NewRunDir();
  const std::string folder_ = MetadataFolder(run_dir_);
  UnsyncedFileSystem fs_;
};

// Other processes are at work right before the first link(), or before a file is read for the first time.
class OvertakenFileSystem : public UnsyncedFileSystem {
 public:
  explicit OvertakenFileSystem(std::function<void()> before_link, std::string path = "",
                               std::function<void()> before_read = nullptr)
      : overtake_(std::move(before_link)), path_(std::move(path)), before_read_(std::move(before_read)) {}
  int Open(const std::string& path, int flags, mode_t mode) override {
    if (path == path_) {
      if (const auto overtake = std::exchange(before_read_, nullptr)) overtake();
    }
    return UnsyncedFileSystem::Open(path, flags, mode);
  }
  int Link(const std::string& from, const std::string& to) override {
    if (const auto overtake = std::exchange(overtake_, nullptr)) overtake();
    return UnsyncedFileSystem::Link(from, to);
  }
  int Stat(const std::string& path, struct stat* result) override {
    if (blind && absl::EndsWith(path, ".damaged")) return -ENOENT;
    return UnsyncedFileSystem::Stat(path, result);
  }
  // The control: does not see the mark.
  bool blind = false;

 private:
  std::function<void()> overtake_;
  const std::string path_;
  std::function<void()> before_read_;
};

// Between a commit's choice of its number and its link(), another process takes the number, its file is damaged, and a
// third one sets it aside and goes on.
TEST_F(GenerationMarksTest, ANumberThatWasSetAsideAmidACommitIsNotTaken) {
  for (const bool blind : {false, true}) {
    const std::string run_dir = NewRunDir();
    MakeRecord(run_dir, 2);
    OvertakenFileSystem fs([&] {
      ASSERT_THAT(CommitSize(*OpenRecord(fs_, run_dir), 3), IsOk());
      FlipByte(GenerationPath(run_dir, 3), 20);
      ASSERT_THAT(CommitSize(*OpenRecord(fs_, run_dir), 4), IsOk());
    });
    fs.blind = blind;
    const auto store = OpenRecord(fs, run_dir);
    ASSERT_THAT(store->Commit(SectionOwner::kTrain,
                              [](Metadata& record) {
                                record.mutable_train()->set_parameter_count(9);
                                return absl::OkStatus();
                              }),
                IsOk());
    const auto reader = OpenRecord(fs_, run_dir);
    ASSERT_OK_AND_ASSIGN(const Metadata record, reader->Read());
    EXPECT_EQ(record.load().raw_file_size(), 4);
    EXPECT_EQ(record.train().parameter_count(), blind ? 0 : 9);
    const std::string own = blind ? "0000000003.binpb" : "0000000005.binpb";
    EXPECT_THAT(RecordFiles(run_dir), UnorderedElementsAre("0000000001.binpb", "0000000002.binpb",
                                                           "0000000003.binpb.damaged", "0000000004.binpb", own));
    ASSERT_OK_AND_ASSIGN(const RecordReport report, VerifyRecord(fs_, run_dir, record.sha256()));
    EXPECT_TRUE(report.ok());
  }
}

// One process lists the damaged generation 3. Before it reads it, a second one sets it aside and a third one, which had
// chosen its number before, takes that; it sees the mark and withdraws its file, but only after the first has read it.
TEST_F(GenerationMarksTest, AFileThatIsWithdrawnIsNotFollowed) {
  for (const bool blind : {false, true}) {
    const std::string run_dir = NewRunDir();
    MakeRecord(run_dir, 3);
    const std::string path = GenerationPath(run_dir, 3);
    const std::string withdrawn = ReadAll(path);
    FlipByte(path, 20);
    OvertakenFileSystem fs([&] { std::filesystem::remove(path); }, path,
                           [&] {
                             std::filesystem::rename(path, path + ".damaged");
                             WriteAll(path, withdrawn);
                           });
    fs.blind = blind;
    ASSERT_THAT(CommitSize(*OpenRecord(fs, run_dir), 4), IsOk());
    EXPECT_THAT(RecordFiles(run_dir), UnorderedElementsAre("0000000001.binpb", "0000000002.binpb",
                                                           "0000000003.binpb.damaged", "0000000004.binpb"));
    ASSERT_OK_AND_ASSIGN(const RecordReport report, VerifyRecord(fs_, run_dir));
    EXPECT_EQ(report.ok(), !blind);
  }
}

// A generation that a person puts back beside its mark, as after a backup.
TEST_F(GenerationMarksTest, ARestoredFileCountsOnceItsMarkIsAway) {
  MakeMore(1);
  const std::string path = GenerationPath(run_dir_, 3);
  const std::string sound = ReadAll(path);
  FlipByte(path, 20);
  ASSERT_THAT(OpenRecord(fs_, run_dir_)->Read(), IsOk());
  WriteAll(path, sound);
  ASSERT_OK_AND_ASSIGN(NewestGeneration newest, FindNewestGeneration(fs_, folder_));
  EXPECT_EQ(newest.record.generation(), 2);
  EXPECT_EQ(newest.next_number, 4);
  EXPECT_THAT(newest.warning, HasSubstr("no part of the record as long as 0000000003.binpb.damaged is there"));
  EXPECT_THAT(ReadGeneration(fs_, folder_, 3),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("as long as 0000000003.binpb.damaged is there")));
  std::filesystem::remove(path + ".damaged");
  ASSERT_OK_AND_ASSIGN(newest, FindNewestGeneration(fs_, folder_));
  EXPECT_EQ(newest.record.generation(), 3);
  EXPECT_EQ(newest.warning, "");
}

TEST_F(GenerationMarksTest, WhoListsAndWhoStepsKnowTheSameMarks) {
  GenerationFollower follower(fs_, folder_, std::chrono::hours(1));
  ASSERT_THAT(follower.Find(), IsOk());
  for (const auto& [ending, next] : {std::pair(".damaged-2", 3), std::pair(".damaged", 4)}) {
    WriteAll(GenerationPath(run_dir_, 3) + ending, "x");
    ASSERT_OK_AND_ASSIGN(const NewestGeneration stepped, follower.Find());
    ASSERT_OK_AND_ASSIGN(const NewestGeneration listed, FindNewestGeneration(fs_, folder_));
    EXPECT_EQ(stepped.next_number, next) << ending;
    EXPECT_EQ(listed.next_number, next) << ending;
  }
}

// Damaged and renamed to the mark by hand after a later one had followed it: the mark alone would be a note.
TEST_F(GenerationMarksTest, ADamagedOneThatWasSetAsideByHandIsMissed) {
  MakeMore(3);
  FlipByte(GenerationPath(run_dir_, 3), 20);
  std::filesystem::rename(GenerationPath(run_dir_, 3), GenerationPath(run_dir_, 3) + ".damaged");
  ASSERT_OK_AND_ASSIGN(const RecordReport report, VerifyRecord(fs_, run_dir_));
  ASSERT_EQ(report.findings.size(), 2);
  EXPECT_EQ(report.findings[0].file, "0000000003.binpb");
  EXPECT_EQ(KindName(report.findings[0].kind), "removed");
  EXPECT_EQ(KindName(report.findings[1].kind), "set_aside");
  EXPECT_FALSE(report.ok());
}

TEST_F(GenerationMarksTest, AFileBesideTheOneThatWasSetAsideIsStray) {
  MakeMore(1);
  const std::string third = ReadAll(GenerationPath(run_dir_, 3));
  FlipByte(GenerationPath(run_dir_, 3), 20);
  ASSERT_THAT(CommitSize(*OpenRecord(fs_, run_dir_), 9), IsOk());
  WriteAll(GenerationPath(run_dir_, 3), third);
  ASSERT_OK_AND_ASSIGN(const RecordReport report, VerifyRecord(fs_, run_dir_));
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.newest, 4);
  ASSERT_EQ(report.findings.size(), 2);
  EXPECT_EQ(KindName(report.findings[0].kind), "stray");
  EXPECT_THAT(report.findings[0].message, HasSubstr("no part of the record as long as 0000000003.binpb.damaged is"));
  EXPECT_EQ(KindName(report.findings[1].kind), "set_aside");
}

}  // namespace
}  // namespace baton
