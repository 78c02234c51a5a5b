// `inspect verify` and `inspect history` of a record that others commit to, or set files aside in, at that moment.
#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "base/seal.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata/inspect.h"
#include "metadata/testing.h"
#include "metadata/verified_record.h"
#include "metadata/verify.h"

namespace baton {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string History(FileSystem& fs, const std::string& run_dir) {
  InspectOptions options;
  options.arguments = {"history", run_dir};
  options.working_folder = "/";
  std::string output;
  EXPECT_THAT(Inspect(fs, options, output), IsOk());
  return output;
}

// Does something of another process's before the first call that lists, or opens `path`.
class InterruptedFileSystem : public UnsyncedFileSystem {
 public:
  // With what it lists, before it is handed out.
  std::function<void(std::vector<std::string>&)> at_list;
  std::string path;
  std::function<void()> at_open;

  int List(const std::string& folder, std::vector<std::string>* names) override {
    const int error = UnsyncedFileSystem::List(folder, names);
    if (const auto interrupt = std::exchange(at_list, nullptr)) interrupt(*names);
    return error;
  }
  int Open(const std::string& file, int flags, mode_t mode) override {
    if (file == path) {
      if (const auto interrupt = std::exchange(at_open, nullptr)) interrupt();
    }
    return UnsyncedFileSystem::Open(file, flags, mode);
  }
};

TEST(LiveRecord, AGenerationThatAListingMissedIsNotCalledRemoved) {
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 4);
  InterruptedFileSystem fs;
  const auto miss = [](std::vector<std::string>& names) {
    names.erase(std::find(names.begin(), names.end(), "0000000003.binpb"));
  };
  fs.at_list = miss;
  ASSERT_OK_AND_ASSIGN(const RecordReport report, VerifyRecord(fs, run_dir));
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.verified, 4);
  fs.at_list = miss;
  EXPECT_THAT(History(fs, run_dir), HasSubstr("\n3 "));
}

// Between the listing and the reading another process sets the newest aside, and commits.
TEST(LiveRecord, AGenerationThatIsSetAsideMeanwhileIsNoError) {
  for (const bool history : {false, true}) {
    const std::string run_dir = NewRunDir();
    MakeRecord(run_dir, 3);
    FlipByte(GenerationPath(run_dir, 3), 20);
    InterruptedFileSystem fs;
    fs.path = GenerationPath(run_dir, 3);
    fs.at_open = [&] {
      UnsyncedFileSystem other;
      ASSERT_THAT(CommitSize(*OpenRecord(other, run_dir), 9), IsOk());
    };
    if (history) {
      EXPECT_THAT(History(fs, run_dir), HasSubstr("\n4 "));
      continue;
    }
    ASSERT_OK_AND_ASSIGN(const RecordReport report, VerifyRecord(fs, run_dir));
    EXPECT_TRUE(report.ok());
    EXPECT_EQ(report.newest, 4);
    ASSERT_EQ(report.findings.size(), 1);
    EXPECT_EQ(KindName(report.findings[0].kind), "set_aside");
  }
}

// Another process's temporary file is gone by the time that all is read.
TEST(LiveRecord, ATemporaryFileOfACommitIsNotNoted) {
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 1);
  InterruptedFileSystem fs;
  fs.at_list = [](std::vector<std::string>& names) { names.push_back(".tmp-1-0-0000000002.binpb"); };
  ASSERT_OK_AND_ASSIGN(const RecordReport report, VerifyRecord(fs, run_dir));
  EXPECT_THAT(report.findings, IsEmpty());
}

// Of the record that is evidence, every byte was verified: not only those that were there when its history was.
TEST(LiveRecord, ARecordThatIsReplacedOnceItIsVerifiedIsNoEvidence) {
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 2);
  const std::string path = GenerationPath(run_dir, 2);
  InterruptedFileSystem fs;
  fs.path = path;
  const auto replace = [&] {
    Metadata record;
    ASSERT_TRUE(record.ParseFromString(ReadAll(path)));
    record.mutable_load()->set_raw_file_size(1000);
    WriteAll(path, Seal(record));
  };
  fs.at_open = [&] { fs.at_open = replace; };
  EXPECT_THAT(ReadVerifiedRecord(fs, run_dir, ""),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("was replaced while it was verified")));
}

// Lists as readdir() may: of the names that come while it lists, it has those of odd numbers and lacks those of even.
class SlowListing : public UnsyncedFileSystem {
 public:
  int List(const std::string& path, std::vector<std::string>* names) override {
    const int error = UnsyncedFileSystem::List(path, names);
    // Three commits while it lists, and three while the files are read.
    const int listed_at = wanted.fetch_add(6) + 3;
    while (commits < listed_at) std::this_thread::yield();
    std::vector<std::string> later;
    UnsyncedFileSystem::List(path, &later);
    for (const std::string& name : later) {
      const bool odd = name.size() == 16 && (name[9] - '0') % 2 == 1;
      if (odd && std::find(names->begin(), names->end(), name) == names->end()) names->push_back(name);
    }
    return error;
  }
  // How many commits there were, and how many there are to be.
  std::atomic<int> commits = 0;
  std::atomic<int> wanted = 0;
};

TEST(LiveRecord, VerifiesWhileOthersCommit) {
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 1);
  SlowListing fs;
  std::atomic<bool> done = false;
  std::thread writer([&] {
    UnsyncedFileSystem own_fs;
    const auto store = OpenRecord(own_fs, run_dir);
    while (!done) {
      if (fs.commits == fs.wanted) {
        std::this_thread::yield();
        continue;
      }
      EXPECT_THAT(CommitSize(*store, fs.commits + 2), IsOk());
      ++fs.commits;
    }
  });
  uint64_t newest = 0;
  for (int i = 0; i < 20; ++i) {
    const auto report = VerifyRecord(fs, run_dir);
    EXPECT_THAT(report, IsOk());
    if (!report.ok()) break;
    EXPECT_TRUE(report->ok());
    for (const Finding& finding : report->findings) {
      EXPECT_TRUE(absl::StartsWith(finding.file, ".tmp-")) << finding.file << ": " << finding.message;
    }
    // The generations up to one that was the newest at some moment.
    EXPECT_EQ(report->verified, report->newest);
    EXPECT_GT(report->newest, newest);
    newest = report->newest;
    EXPECT_THAT(History(fs, run_dir), Not(HasSubstr("missing")));
  }
  done = true;
  writer.join();
}

}  // namespace
}  // namespace baton
