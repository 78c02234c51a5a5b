#include <fcntl.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "glog/logging.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata/store.h"
#include "metadata/testing.h"

namespace baton {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What is logged while it lives.
class LoggedWarnings : public google::LogSink {
 public:
  LoggedWarnings() { google::AddLogSink(this); }
  ~LoggedWarnings() override { google::RemoveLogSink(this); }
  void send(google::LogSeverity, const char*, const char*, int, const tm*, const char* message, size_t size) override {
    messages.emplace_back(message, size);
  }
  std::vector<std::string> messages;
};

// As it is mounted.
class ReadOnlyFileSystem : public FileSystem {
 public:
  int Open(const std::string& path, int flags, mode_t mode) override {
    return (flags & (O_CREAT | O_WRONLY | O_RDWR)) != 0 ? -EROFS : FileSystem::Open(path, flags, mode);
  }
  int Rename(const std::string&, const std::string&) override { return -EROFS; }
  int RenameExclusive(const std::string&, const std::string&) override { return -EROFS; }
  int Link(const std::string&, const std::string&) override { return -EROFS; }
  int Unlink(const std::string&) override { return -EROFS; }
  int MakeDirectory(const std::string&) override { return -EROFS; }
};

TEST(StoreDamage, AnyDamagedByteOfTheNewestLeadsToTheOneBefore) {
  UnsyncedFileSystem fs;
  const std::string original = NewRunDir();
  MakeRecord(original, 3);
  const size_t size = ReadAll(GenerationPath(original, 3)).size();
  ASSERT_GT(size, 100);
  for (size_t offset = 0; offset < size; ++offset) {
    const std::string run_dir = NewRunDir();
    std::filesystem::copy(original, run_dir, std::filesystem::copy_options::recursive);
    FlipByte(GenerationPath(run_dir, 3), offset);
    const auto store = OpenRecord(fs, run_dir);
    ASSERT_OK_AND_ASSIGN(const Metadata record, store->Read());
    ASSERT_EQ(record.generation(), 2) << offset;
    ASSERT_EQ(record.load().raw_file_size(), 2) << offset;
    ASSERT_THAT(RecordFiles(run_dir), ElementsAre("0000000001.binpb", "0000000002.binpb", "0000000003.binpb.damaged"));
    ASSERT_THAT(CommitSize(*store, 9), IsOk());
    ASSERT_OK_AND_ASSIGN(const Metadata next, store->Read());
    ASSERT_EQ(next.generation(), 4) << offset;
    ASSERT_EQ(next.previous_sha256(), record.sha256()) << offset;
    std::filesystem::remove_all(run_dir);
  }
}

TEST(StoreDamage, IsReportedOnce) {
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 3);
  FlipByte(GenerationPath(run_dir, 1), 20);
  FlipByte(GenerationPath(run_dir, 3), 20);
  LoggedWarnings logged;
  const auto store = OpenRecord(FileSystem::Posix(), run_dir);
  ASSERT_THAT(store->Read(), IsOk());
  EXPECT_THAT(logged.messages,
              ElementsAre(AllOf(HasSubstr(GenerationPath(run_dir, 1)), HasSubstr("0000000002.binpb is sound")),
                          AllOf(HasSubstr(GenerationPath(run_dir, 3)), HasSubstr("going on with generation 2"),
                                HasSubstr("set aside as"))));
}

TEST(StoreDamage, IsNotReportedIfAnotherProcessSetItAside) {
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 2);
  FlipByte(GenerationPath(run_dir, 2), 20);
  FaultyFileSystem fs;
  fs.Inject({.operations = {FileOperation::kRenameExclusive}, .error = ENOENT, .effect = Fault::Effect::kReported});
  LoggedWarnings logged;
  ASSERT_OK_AND_ASSIGN(const Metadata record, OpenRecord(fs, run_dir)->Read());
  EXPECT_EQ(record.generation(), 1);
  EXPECT_THAT(logged.messages, IsEmpty());
}

TEST(StoreDamage, AnyCutOfTheNewestLeadsToTheOneBefore) {
  UnsyncedFileSystem fs;
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 2);
  const std::string bytes = ReadAll(GenerationPath(run_dir, 2));
  for (size_t size = 0; size < bytes.size(); ++size) {
    WriteAll(GenerationPath(run_dir, 2), bytes.substr(0, size));
    ASSERT_OK_AND_ASSIGN(const Metadata record, OpenRecord(fs, run_dir)->Read());
    ASSERT_EQ(record.generation(), 1) << size;
    std::filesystem::remove(GenerationPath(run_dir, 2) + ".damaged");
  }
}

TEST(StoreDamage, ARenamedGenerationIsSetAside) {
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 2);
  std::filesystem::copy(GenerationPath(run_dir, 1), GenerationPath(run_dir, 3));
  ASSERT_OK_AND_ASSIGN(const Metadata record, OpenRecord(FileSystem::Posix(), run_dir)->Read());
  EXPECT_EQ(record.generation(), 2);
  EXPECT_TRUE(std::filesystem::exists(GenerationPath(run_dir, 3) + ".damaged"));
}

// The next number would have eleven digits: a name under which nobody looks for a generation.
TEST(StoreDamage, ThereIsNoNumberAfterTheLast) {
  UnsyncedFileSystem fs;
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 2);
  WriteAll(GenerationPath(run_dir, 9999999999), "x");
  EXPECT_THAT(CommitSize(*OpenRecord(fs, run_dir), 9),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("move it and its mark out of the folder")));
  EXPECT_THAT(RecordFiles(run_dir), ElementsAre("0000000001.binpb", "0000000002.binpb", "9999999999.binpb.damaged"));
  std::filesystem::remove(GenerationPath(run_dir, 9999999999) + ".damaged");
  EXPECT_THAT(CommitSize(*OpenRecord(fs, run_dir), 9), IsOk());
}

TEST(StoreDamage, AGenerationOfAnotherRecordIsSetAside) {
  const std::string run_dir = NewRunDir();
  const std::string other = NewRunDir();
  MakeRecord(run_dir, 2);
  MakeRecord(other, 3);
  std::filesystem::copy(GenerationPath(other, 3), GenerationPath(run_dir, 3));
  ASSERT_OK_AND_ASSIGN(const Metadata record, OpenRecord(FileSystem::Posix(), run_dir)->Read());
  EXPECT_EQ(record.generation(), 2);
  EXPECT_TRUE(std::filesystem::exists(GenerationPath(run_dir, 3) + ".damaged"));
}

TEST(StoreDamage, DamageBelowTheNewestLosesNothing) {
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 3);
  FlipByte(GenerationPath(run_dir, 2), 20);
  const auto store = OpenRecord(FileSystem::Posix(), run_dir);
  ASSERT_OK_AND_ASSIGN(Metadata record, store->Read());
  EXPECT_EQ(record.generation(), 3);
  std::filesystem::remove(GenerationPath(run_dir, 2));
  ASSERT_OK_AND_ASSIGN(record, store->Read());
  EXPECT_EQ(record.generation(), 3);
  ASSERT_THAT(CommitSize(*store, 9), IsOk());
  EXPECT_THAT(RecordFiles(run_dir), ElementsAre("0000000001.binpb", "0000000003.binpb", "0000000004.binpb"));
}

TEST(StoreDamage, WithoutAnyThatVerifiesItSaysWhatToDoAndTouchesNothing) {
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 2);
  FlipByte(GenerationPath(run_dir, 1), 20);
  FlipByte(GenerationPath(run_dir, 2), 20);
  EXPECT_THAT(MetadataStore::Open(FileSystem::Posix(), run_dir, "iris"),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr(GenerationPath(run_dir, 2)), HasSubstr("Restore one from a backup"))));
  EXPECT_THAT(RecordFiles(run_dir), ElementsAre("0000000001.binpb", "0000000002.binpb"));
}

TEST(StoreDamage, SetAsideGenerationsAloneAreNoEmptyRecord) {
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 1);
  std::filesystem::rename(GenerationPath(run_dir, 1), GenerationPath(run_dir, 1) + ".damaged");
  EXPECT_THAT(MetadataStore::Open(FileSystem::Posix(), run_dir, "iris"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("no generation of the record")));
}

TEST(StoreDamage, ReadsADamagedRecordInAReadOnlyFolder) {
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 3);
  FlipByte(GenerationPath(run_dir, 3), 20);
  ReadOnlyFileSystem fs;
  const auto store = OpenRecord(fs, run_dir);
  ASSERT_OK_AND_ASSIGN(const Metadata record, store->Read());
  EXPECT_EQ(record.generation(), 2);
  EXPECT_THAT(CommitSize(*store, 9), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("Read-only")));
  EXPECT_THAT(RecordFiles(run_dir), ElementsAre("0000000001.binpb", "0000000002.binpb", "0000000003.binpb"));
}

TEST(StoreDamage, ADamagedNewestThatCouldNotBeSetAsideIsPassedOver) {
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 3);
  FlipByte(GenerationPath(run_dir, 3), 20);
  FaultyFileSystem fs;
  fs.Inject({.operations = {FileOperation::kRenameExclusive}, .sticky = true, .error = EACCES});
  const auto store = OpenRecord(fs, run_dir);
  ASSERT_THAT(CommitSize(*store, 9), IsOk());
  ASSERT_OK_AND_ASSIGN(const Metadata record, store->Read());
  EXPECT_EQ(record.generation(), 4);
  EXPECT_EQ(record.load().raw_file_size(), 9);
}

// Every call that a commit makes fails once, in each way, with each error: the record is the old or the new one,
// whole, the error is told, and the next commit works.
TEST(StoreDamage, AFailingCallLeavesTheOldRecordOrTheNewOne) {
  for (const int error : {ENOSPC, EIO}) {
    for (const Fault::Effect effect : {Fault::Effect::kRefused, Fault::Effect::kReported, Fault::Effect::kTorn}) {
      std::string run_dir;
      int old_ones = 0;
      const int faults = ForEachFault(
          {.error = error, .effect = effect},
          [&] {
            run_dir = NewRunDir();
            MakeRecord(run_dir, 2);
          },
          [&](FileSystem& fs) -> absl::Status {
            const auto store = MetadataStore::Open(fs, run_dir, "iris");
            return store.ok() ? CommitSize(**store, 77) : store.status();
          },
          [&](FaultyFileSystem&, const absl::Status& status) {
            UnsyncedFileSystem fs;
            const auto store = OpenRecord(fs, run_dir);
            ASSERT_OK_AND_ASSIGN(Metadata record, store->Read());
            if (status.ok()) {
              EXPECT_EQ(record.load().raw_file_size(), 77);
            } else {
              EXPECT_THAT(status.message(), HasSubstr(run_dir));
            }
            if (record.load().raw_file_size() != 77) {
              EXPECT_EQ(record.load().raw_file_size(), 2);
              ++old_ones;
            }
            ASSERT_THAT(CommitSize(*store, 78), IsOk());
            ASSERT_OK_AND_ASSIGN(record, store->Read());
            EXPECT_EQ(record.load().raw_file_size(), 78);
            std::filesystem::remove_all(run_dir);
          });
      // Opening, writing, syncing and linking the new file and syncing the folder at least.
      EXPECT_GE(faults, 5);
      EXPECT_GE(old_ones, 4);
    }
  }
}

}  // namespace
}  // namespace baton
