// Eight processes with five writing and one reading thread each commit 10,000 times to one record, without fsync, which
// would make it take minutes and changes nothing that one process sees of another.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata/section_writer.h"
#include "metadata/store.h"
#include "metadata/testing.h"
#include "metadata/verify.h"

namespace baton {
namespace {

constexpr int kProcesses = 8;
constexpr int kThreads = 5;

// Every thread counts up a counter of its own, in the section of the stage whose number is thread % 3.
std::string CounterName(int process, int thread) { return absl::StrCat("process", process, "/thread", thread); }

void CountUp(google::protobuf::RepeatedPtrField<Artifact>& artifacts, const std::string& name) {
  for (Artifact& artifact : artifacts) {
    if (artifact.path() == name) return artifact.set_size_bytes(artifact.size_bytes() + 1);
  }
  Artifact& artifact = *artifacts.Add();
  artifact.set_path(name);
  artifact.set_size_bytes(1);
}

uint64_t CountOf(const google::protobuf::RepeatedPtrField<Artifact>& artifacts, const std::string& name) {
  for (const Artifact& artifact : artifacts) {
    if (artifact.path() == name) return artifact.size_bytes();
  }
  return 0;
}

absl::Status CommitOnce(MetadataStore& store, int thread, const std::string& name) {
  switch (thread % 3) {
    case 0:
      return SectionWriter<LoadSection>(store).Update(
          [&](LoadSection& load) { CountUp(*load.mutable_outputs(), name); });
    case 1:
      return SectionWriter<TrainSection>(store).Update(
          [&](TrainSection& train) { CountUp(*train.mutable_model_artifacts(), name); });
    default:
      return SectionWriter<EvaluateSection>(store).Update(
          [&](EvaluateSection& evaluate) { (*evaluate.mutable_holdout_performance())[name] += 1; });
  }
}

uint64_t CountOf(const Metadata& record, int process, int thread) {
  const std::string name = CounterName(process, thread);
  if (thread % 3 == 0) return CountOf(record.load().outputs(), name);
  if (thread % 3 == 1) return CountOf(record.train().model_artifacts(), name);
  const auto found = record.evaluate().holdout_performance().find(name);
  return found == record.evaluate().holdout_performance().end() ? 0 : static_cast<uint64_t>(found->second);
}

// Every commit adds one to one counter and takes one number.
absl::Status CheckSum(const Metadata& record) {
  uint64_t sum = 0;
  for (int process = 0; process < kProcesses; ++process) {
    for (int thread = 0; thread < kThreads; ++thread) sum += CountOf(record, process, thread);
  }
  if (sum == record.generation()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("generation ", record.generation(), " counts ", sum, " commits"));
}

// Reads until `done`: always a record that verifies and is whole, never an older one than before.
absl::Status ReadUntil(const std::function<bool()>& done, const std::function<absl::StatusOr<Metadata>()>& read) {
  uint64_t newest = 0;
  while (!done()) {
    ASSIGN_OR_RETURN(const Metadata record, read());
    RETURN_IF_ERROR(CheckSum(record));
    if (record.generation() < newest) {
      return absl::DataLossError(absl::StrCat("after generation ", newest, " came ", record.generation()));
    }
    newest = record.generation();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return absl::OkStatus();
}

absl::Status WorkInOneProcess(FileSystem& fs, const std::string& run_dir, int process, int commits) {
  ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(fs, run_dir, "iris"));
  std::vector<absl::Status> statuses(kThreads + 1);
  std::vector<std::thread> writers;
  for (int thread = 0; thread < kThreads; ++thread) {
    writers.emplace_back([&, thread] {
      for (int i = 0; i < commits; ++i) {
        statuses[thread].Update(CommitOnce(*store, thread, CounterName(process, thread)));
      }
    });
  }
  std::atomic<bool> done = false;
  std::thread reader(
      [&] { statuses[kThreads] = ReadUntil([&] { return done.load(); }, [&] { return store->Read(); }); });
  for (std::thread& writer : writers) writer.join();
  done = true;
  reader.join();
  absl::Status status;
  for (const absl::Status& one : statuses) status.Update(one);
  return status;
}

// Lets the processes work, `commits` times a thread, reads meanwhile, and checks what they leave.
absl::Status CommitFromManyProcesses(FileSystem& fs, int commits) {
  const std::string run_dir = NewRunDir();
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = fork();
    if (child < 0) return absl::InternalError("cannot fork");
    if (child == 0) {
      const absl::Status status = WorkInOneProcess(fs, run_dir, process, commits);
      if (!status.ok()) fprintf(stderr, "process %d: %s\n", process, status.ToString().c_str());
      _exit(status.ok() ? 0 : 1);
    }
    children.push_back(child);
  }
  // A reader that knows nothing from before, as a program that just starts.
  absl::Status status;
  size_t ended = 0;
  status.Update(ReadUntil(
      [&] {
        int code = 0;
        while (ended < children.size() && waitpid(children[ended], &code, WNOHANG) == children[ended]) {
          ++ended;
          if (code != 0) status.Update(absl::InternalError("a process failed"));
        }
        return ended == children.size();
      },
      [&]() -> absl::StatusOr<Metadata> {
        ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(fs, run_dir, "iris"));
        return store->Read();
      }));
  for (; ended < children.size(); ++ended) waitpid(children[ended], nullptr, 0);

  ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(fs, run_dir, "iris"));
  ASSIGN_OR_RETURN(const Metadata record, store->Read());
  for (int process = 0; process < kProcesses; ++process) {
    for (int thread = 0; thread < kThreads; ++thread) {
      const uint64_t count = CountOf(record, process, thread);
      if (count == static_cast<uint64_t>(commits)) continue;
      status.Update(absl::DataLossError(absl::StrCat(CounterName(process, thread), " has ", count, " of ", commits)));
    }
  }
  ASSIGN_OR_RETURN(const RecordReport report, VerifyRecord(fs, run_dir, record.sha256()));
  const uint64_t all = static_cast<uint64_t>(kProcesses) * kThreads * commits;
  if (!report.findings.empty() || report.verified != all || record.generation() != all) {
    status.Update(absl::DataLossError(absl::StrCat(report.findings.size(), " findings, ", report.verified,
                                                   " generations of ", all, ", the newest ", record.generation())));
  }
  return status;
}

TEST(StoreProcesses, LoseNoUpdateIn10000Commits) {
  UnsyncedFileSystem fs;
  EXPECT_THAT(CommitFromManyProcesses(fs, 250), IsOk());
}

// The control: a number can be taken twice.
TEST(StoreProcesses, WithoutExclusiveCreationTheTestFails) {
  class Overwriting : public UnsyncedFileSystem {
   public:
    int Link(const std::string& from, const std::string& to) override {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      return Rename(from, to);
    }
  } fs;
  EXPECT_THAT(CommitFromManyProcesses(fs, 5), testing::Not(IsOk()));
}

}  // namespace
}  // namespace baton
