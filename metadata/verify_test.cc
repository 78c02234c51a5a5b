#include "metadata/verify.h"

#include <filesystem>
#include <string>

#include "base/digest.h"
#include "base/seal.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata/testing.h"

namespace baton {
namespace {

using ::testing::HasSubstr;

constexpr int kGenerations = 5;

// Each test damages a record of five generations.
class VerifyTest : public ::testing::Test {
 protected:
  VerifyTest() { MakeRecord(run_dir_, kGenerations); }

  RecordReport Verify(absl::string_view head = "") {
    const auto report = VerifyRecord(FileSystem::Posix(), run_dir_, head);
    EXPECT_THAT(report, IsOk());
    return *report;
  }
  // Expects exactly one finding.
  void ExpectFinding(Finding::Severity severity, const std::string& file, const std::string& message) {
    const RecordReport report = Verify();
    ASSERT_EQ(report.findings.size(), 1) << ::testing::PrintToString(report.findings.size());
    EXPECT_EQ(report.findings[0].severity, severity);
    EXPECT_EQ(report.findings[0].file, file);
    EXPECT_THAT(report.findings[0].message, HasSubstr(message));
    EXPECT_EQ(report.ok(), severity == Finding::Severity::kNote);
  }
  std::string Path(uint64_t number) { return GenerationPath(run_dir_, number); }
  // As sha256sum would say of the file without its last 67 bytes, the seal.
  std::string HeadOf(uint64_t number) {
    const std::string bytes = ReadAll(Path(number));
    return Sha256Hex(absl::string_view(bytes).substr(0, bytes.size() - 67));
  }
  // Replaces a generation by one with another content and a right seal.
  void Forge(uint64_t number) {
    Metadata record;
    ASSERT_TRUE(record.ParseFromString(ReadAll(Path(number))));
    record.mutable_load()->set_raw_file_size(1000);
    WriteAll(Path(number), Seal(record));
  }

  const std::string run_dir_ = NewRunDir();
};

TEST_F(VerifyTest, AWholeRecord) {
  const RecordReport report = Verify();
  EXPECT_TRUE(report.ok());
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.verified, 5);
  EXPECT_EQ(report.newest, 5);
  EXPECT_EQ(report.head, HeadOf(5));
}

TEST_F(VerifyTest, AnyByteOfAnyGeneration) {
  for (int number = 1; number <= kGenerations; ++number) {
    const size_t size = ReadAll(Path(number)).size();
    for (size_t offset = 0; offset < size; ++offset) {
      FlipByte(Path(number), offset);
      const RecordReport report = Verify();
      ASSERT_EQ(report.findings.size(), 1) << number << " " << offset;
      ASSERT_EQ(report.findings[0].file, std::filesystem::path(Path(number)).filename()) << offset;
      ASSERT_FALSE(report.ok());
      ASSERT_EQ(report.verified, 4);
      FlipByte(Path(number), offset);
    }
  }
  EXPECT_TRUE(Verify().ok());
}

TEST_F(VerifyTest, AMissingOne) {
  std::filesystem::remove(Path(3));
  ExpectFinding(Finding::Severity::kError, "0000000003.binpb", "is missing: 0000000004.binpb follows");
}

TEST_F(VerifyTest, SeveralMissing) {
  std::filesystem::remove(Path(2));
  std::filesystem::remove(Path(3));
  ExpectFinding(Finding::Severity::kError, "0000000002.binpb", "up to 0000000003.binpb");
}

TEST_F(VerifyTest, AMissingFirstOne) {
  std::filesystem::remove(Path(1));
  ExpectFinding(Finding::Severity::kError, "0000000001.binpb", "is missing");
}

TEST_F(VerifyTest, TwoExchanged) {
  std::filesystem::rename(Path(2), Path(9));
  std::filesystem::rename(Path(3), Path(2));
  std::filesystem::rename(Path(9), Path(3));
  const RecordReport report = Verify();
  ASSERT_EQ(report.findings.size(), 2);
  EXPECT_EQ(report.findings[0].file, "0000000002.binpb");
  EXPECT_THAT(report.findings[0].message, HasSubstr("holds generation 3"));
  EXPECT_EQ(report.findings[1].file, "0000000003.binpb");
  EXPECT_THAT(report.findings[1].message, HasSubstr("holds generation 2"));
}

TEST_F(VerifyTest, AnEditedOneWithARightSeal) {
  Forge(3);
  ExpectFinding(Finding::Severity::kError, "0000000004.binpb", "one of the two was replaced");
}

TEST_F(VerifyTest, AForgedFirstOneThatClaimsAPredecessor) {
  Metadata record;
  ASSERT_TRUE(record.ParseFromString(ReadAll(Path(1))));
  record.set_previous_sha256(HeadOf(2));
  WriteAll(Path(1), Seal(record));
  const RecordReport report = Verify();
  ASSERT_EQ(report.findings.size(), 2);
  EXPECT_EQ(report.findings[0].file, "0000000001.binpb");
  EXPECT_EQ(report.findings[1].file, "0000000002.binpb");
}

TEST_F(VerifyTest, AGenerationOfAnotherRun) {
  Metadata record;
  ASSERT_TRUE(record.ParseFromString(ReadAll(Path(5))));
  record.mutable_run()->set_run_id("another");
  WriteAll(Path(5), Seal(record));
  ExpectFinding(Finding::Severity::kError, "0000000005.binpb", "belongs to the run another");
}

TEST_F(VerifyTest, ARewrittenTailNeedsTheHead) {
  const std::string head = HeadOf(5);
  Forge(5);
  EXPECT_TRUE(Verify().ok());
  const RecordReport report = Verify(head);
  ASSERT_EQ(report.findings.size(), 1);
  EXPECT_THAT(report.findings[0].message, HasSubstr("cut off, or replaced"));
  EXPECT_FALSE(report.ok());
}

TEST_F(VerifyTest, ACutTailNeedsTheHead) {
  const std::string head = HeadOf(5);
  std::filesystem::remove(Path(5));
  EXPECT_TRUE(Verify().ok());
  EXPECT_FALSE(Verify(head).ok());
}

TEST_F(VerifyTest, AnOldHeadIsStillThere) {
  const RecordReport report = Verify(HeadOf(3));
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.given_head_generation, 3);
}

TEST_F(VerifyTest, TheHeadMustBeADigest) {
  EXPECT_THAT(VerifyRecord(FileSystem::Posix(), run_dir_, "abc"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("64 hexadecimal digits")));
  EXPECT_THAT(VerifyRecord(FileSystem::Posix(), run_dir_, std::string(64, 'g')),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("64 hexadecimal digits")));
}

TEST_F(VerifyTest, ADamagedOneThatWasSetAsideIsANote) {
  FlipByte(Path(5), 20);
  UnsyncedFileSystem fs;
  ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(fs, run_dir_, "iris"));
  ASSERT_THAT(CommitSize(*store, 9), IsOk());
  ExpectFinding(Finding::Severity::kNote, "0000000005.binpb.damaged", "was damaged when it was the newest");
  EXPECT_EQ(Verify().newest, 6);
}

TEST_F(VerifyTest, ASoundOneThatWasSetAsideIsAnError) {
  std::filesystem::rename(Path(5), Path(5) + ".damaged");
  ExpectFinding(Finding::Severity::kError, "0000000005.binpb.damaged", "is not damaged by itself");
}

TEST_F(VerifyTest, OtherFilesAreNoted) {
  WriteAll(run_dir_ + "/metadata/.tmp-12-0-0000000006.binpb", "x");
  ExpectFinding(Finding::Severity::kNote, ".tmp-12-0-0000000006.binpb", "may be deleted");
}

TEST(Verify, NoRecord) {
  EXPECT_THAT(VerifyRecord(FileSystem::Posix(), NewRunDir()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no record in")));
}

TEST(Verify, OnlyOneThatWasSetAside) {
  const std::string run_dir = NewRunDir();
  WriteAll(GenerationPath(run_dir, 1) + ".damaged", "x");
  ASSERT_OK_AND_ASSIGN(const RecordReport report, VerifyRecord(FileSystem::Posix(), run_dir));
  EXPECT_FALSE(report.ok());
}

}  // namespace
}  // namespace baton
