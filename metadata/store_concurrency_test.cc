#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "metadata/store.h"
#include "metadata/testing.h"
#include "metadata/verify.h"

namespace baton {
namespace {

// Load and train count up, each in its own section, with `threads` threads each, `commits` times a thread.
absl::Status CountUp(MetadataStore& store, int threads, int commits) {
  std::vector<std::thread> workers;
  std::vector<absl::Status> statuses(2 * threads);
  for (int i = 0; i < 2 * threads; ++i) {
    workers.emplace_back([&, i] {
      for (int commit = 0; commit < commits; ++commit) {
        statuses[i].Update(store.Commit(i % 2 == 0 ? SectionOwner::kLoad : SectionOwner::kTrain, [&](Metadata& record) {
          if (i % 2 == 0) {
            record.mutable_load()->set_rows(record.load().rows() + 1);
          } else {
            record.mutable_train()->set_parameter_count(record.train().parameter_count() + 1);
          }
          return absl::OkStatus();
        }));
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  absl::Status status;
  for (const absl::Status& one : statuses) status.Update(one);
  return status;
}

void ExpectWhole(FileSystem& fs, const std::string& run_dir, uint64_t rows, uint64_t parameters) {
  ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(fs, run_dir, "iris"));
  ASSERT_OK_AND_ASSIGN(const Metadata record, store->Read());
  EXPECT_EQ(record.load().rows(), rows);
  EXPECT_EQ(record.train().parameter_count(), parameters);
  EXPECT_EQ(record.generation(), rows + parameters);
  ASSERT_OK_AND_ASSIGN(const RecordReport report, VerifyRecord(fs, run_dir, record.sha256()));
  EXPECT_EQ(report.verified, rows + parameters);
  EXPECT_TRUE(report.findings.empty()) << report.findings.front().file << " " << report.findings.front().message;
}

TEST(StoreConcurrency, ThreadsOfOneStoreLoseNoUpdate) {
  const std::string run_dir = NewRunDir();
  UnsyncedFileSystem fs;
  ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(fs, run_dir, "iris"));
  ASSERT_THAT(CountUp(*store, 4, 25), IsOk());
  ExpectWhole(fs, run_dir, 100, 100);
}

TEST(StoreConcurrency, StoresOfOneProcessLoseNoUpdate) {
  const std::string run_dir = NewRunDir();
  UnsyncedFileSystem fs;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(fs, run_dir, "iris"));
      EXPECT_THAT(CountUp(*store, 1, 25), IsOk());
    });
  }
  for (std::thread& thread : threads) thread.join();
  ExpectWhole(fs, run_dir, 100, 100);
}

// A reader reads while a commit of the same store waits for the disk.
TEST(StoreConcurrency, AReaderDoesNotWaitForACommit) {
  class SlowDisk : public UnsyncedFileSystem {
   public:
    int Sync(int) override {
      if (!slow) return 0;
      if (!reached.HasBeenNotified()) reached.Notify();
      proceed.WaitForNotification();
      return 0;
    }
    std::atomic<bool> slow = false;
    absl::Notification reached, proceed;
  } fs;
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 1);
  const auto store = OpenRecord(fs, run_dir);  // which syncs the folder
  fs.slow = true;
  std::thread writer([&] { EXPECT_THAT(CommitSize(*store, 2), IsOk()); });
  fs.reached.WaitForNotification();
  ASSERT_OK_AND_ASSIGN(Metadata record, store->Read());
  EXPECT_EQ(record.generation(), 1);
  fs.proceed.Notify();
  writer.join();
  ASSERT_OK_AND_ASSIGN(record, store->Read());
  EXPECT_EQ(record.generation(), 2);
}

// A process that dies between any two commits of others harms none of them.
TEST(StoreConcurrency, KilledProcessesLeaveAWholeRecord) {
  const std::string run_dir = NewRunDir();
  UnsyncedFileSystem fs;
  uint64_t reached = 0;
  for (int round = 0; round < 5; ++round) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto store = MetadataStore::Open(fs, run_dir, "iris");
      if (!store.ok() || !CountUp(**store, 1, 1).ok()) _exit(1);
      if (write(ready[1], "x", 1) != 1) _exit(1);
      while (CountUp(**store, 1, 1).ok()) {
      }
      _exit(1);
    }
    char byte;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    ASSERT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    close(ready[0]);
    close(ready[1]);
    ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(fs, run_dir, "iris"));
    ASSERT_OK_AND_ASSIGN(const Metadata record, store->Read());
    EXPECT_GE(record.generation(), reached + 2);
    EXPECT_EQ(record.generation(), record.load().rows() + record.train().parameter_count());
    reached = record.generation();
  }
  ASSERT_OK_AND_ASSIGN(const RecordReport report, VerifyRecord(fs, run_dir));
  EXPECT_EQ(report.verified, reached);
  // What a killed one may leave is a temporary file.
  EXPECT_TRUE(report.ok());
}

}  // namespace
}  // namespace baton
