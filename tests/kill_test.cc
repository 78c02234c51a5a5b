// Real processes, killed with SIGKILL at random moments until they complete: what they leave is whole each time, and
// the end is that of a process that nobody killed. --kills=1000 tries as many.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/pipeline_harness.h"
#include "tests/record_commits.h"
#include "tests/small_pipeline.h"

ABSL_DECLARE_FLAG(int, kills);

namespace baton {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
using testing::IsEmpty;

constexpr int kKilled = 128 + SIGKILL;

// Draws that are the same in every run of the test. What they hit depends on the machine.
class Draws {
 public:
  explicit Draws(const char* purpose) : purpose_(purpose) {}
  // In [0, 1).
  double Fraction() { return static_cast<double>(MixSeed(1, purpose_, count_++) >> 11) * 0x1p-53; }
  int Below(int n) { return static_cast<int>(Fraction() * n); }

 private:
  const char* const purpose_;
  uint64_t count_ = 0;
};

ProcessOptions KilledAfter(Seconds time) {
  ProcessOptions options;
  options.signal = SIGKILL;
  options.signal_when = [end = Clock::now() + time](const std::string&) { return Clock::now() > end; };
  return options;
}

// A stage as a process of its own.
class StageProcess {
 public:
  StageProcess(const SmallPipeline& pipeline, const std::string& binary, std::vector<std::string> overrides = {})
      : command_({Binary(binary), "--config=" + pipeline.config(), "--run_dir=" + pipeline.run_dir()}) {
    command_.insert(command_.end(), overrides.begin(), overrides.end());
  }

  ProcessResult Run(const std::vector<std::string>& more = {}, const ProcessOptions& options = {}) const {
    std::vector<std::string> command = command_;
    command.insert(command.end(), more.begin(), more.end());
    return RunProcess(command, options);
  }

  // Runs it from the beginning, undisturbed; how long it took goes into `time`.
  Result Reference(const Subject& subject, Seconds& time) const {
    subject.prepare();
    const auto start = Clock::now();
    const ProcessResult done = Run();
    time = Clock::now() - start;
    EXPECT_EQ(done.exit_code, 0) << done.err;
    return subject.result();
  }

 private:
  std::vector<std::string> command_;
};

// What a stage that only starts and ends is killed in; the share of --kills.
void KillUntilDone(const Subject& subject, const StageProcess& process, const char* name) {
  Draws draws(name);
  Seconds time;
  const Result reference = process.Reference(subject, time);
  const int wanted = absl::GetFlag(FLAGS_kills) / 5;
  int kills = 0, completions = 0;
  while (kills < wanted) {
    subject.prepare();
    // A machine that has become slower gets the time that it needs in the end.
    double patience = 1.1;
    for (int exit_code = kKilled; exit_code == kKilled; patience *= 1.1) {
      const ProcessResult result = process.Run({}, KilledAfter(patience * time * draws.Fraction()));
      exit_code = result.exit_code;
      kills += exit_code == kKilled;
      ASSERT_THAT(subject.find_torn(), IsEmpty()) << "after " << kills << " kills";
      ASSERT_THAT(exit_code, testing::AnyOf(0, kKilled)) << result.err;
    }
    ++completions;
    ASSERT_THAT(DifferingParts(subject.result(), reference), IsEmpty()) << "after " << kills << " kills";
  }
  std::cout << name << ": killed " << kills << " times, completed " << completions << " times" << std::endl;
  testing::Test::RecordProperty("kills", kills);
}

TEST(Kill, Load) {
  const SmallPipeline pipeline;
  KillUntilDone(pipeline.Load(), StageProcess(pipeline, "pipeline/load/load"), "load");
}

TEST(Kill, Evaluate) {
  const SmallPipeline pipeline;
  KillUntilDone(pipeline.Evaluate(), StageProcess(pipeline, "pipeline/evaluate/evaluate"), "evaluate");
}

// At random times, and at random changes of files, in the middle of writes; with another number of workers each time.
TEST(Kill, Train) {
  const SmallPipeline pipeline;
  const Subject subject = pipeline.Train();
  // Longer than a process takes to start, so that most kills fall into training.
  const StageProcess process(pipeline, "tests/hostile_train",
                             {"train.max_epochs=80", "train.early_stopping.patience=0"});
  Draws draws("train");
  Seconds time;
  const Result reference = process.Reference(subject, time);
  ASSERT_FALSE(reference.empty());
  const int wanted = absl::GetFlag(FLAGS_kills);
  int kills = 0, in_training = 0, at_calls = 0, completions = 0;
  while (kills < wanted) {
    subject.prepare();
    double patience = 1.1;
    for (int exit_code = kKilled; exit_code == kKilled; patience *= 1.1) {
      const bool at_call = draws.Below(2) == 0;
      ProcessOptions options = at_call ? ProcessOptions() : KilledAfter(patience * time * draws.Fraction());
      if (at_call) options.environment["BATON_KILL_AT"] = absl::StrCat(1 + draws.Below(800));
      const int attempts = ReadRecordOf(pipeline.run_dir()).train().stage().attempts_size();
      const ProcessResult result = process.Run({absl::StrCat("train.workers=", 1 + draws.Below(4))}, options);
      exit_code = result.exit_code;
      ASSERT_THAT(exit_code, testing::AnyOf(0, kKilled)) << result.err;
      ASSERT_THAT(subject.find_torn(), IsEmpty()) << "after " << kills << " kills";
      if (exit_code != kKilled) break;
      ++kills;
      at_calls += at_call;
      in_training += ReadRecordOf(pipeline.run_dir()).train().stage().attempts_size() > attempts;
    }
    ++completions;
    ASSERT_THAT(DifferingParts(subject.result(), reference), IsEmpty()) << "after " << kills << " kills";
  }
  std::cout << "train: killed " << kills << " times, " << in_training << " of them after it had begun to train, "
            << at_calls << " of them at a call; completed " << completions << " times" << std::endl;
  testing::Test::RecordProperty("kills", kills);
  EXPECT_GT(in_training, kills / 4) << "the kills say little";
}

// A process that commits to the record in `folder` until it is killed, or `count` is reached.
pid_t StartCounting(const std::string& folder, SectionOwner owner, uint64_t count) {
  const pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  _exit(CountUp(Unsynced::Get(), folder, owner, count).ok() ? 0 : 1);
}

int End(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

// Two processes commit to one record, and each is killed.
TEST(Kill, Commits) {
  const std::string folder = NewFolder();
  Draws draws("commits");
  const int wanted = 3 * absl::GetFlag(FLAGS_kills);
  int kills = 0;
  uint64_t rows = 0, parameters = 0;
  while (kills < wanted) {
    pid_t children[] = {StartCounting(folder, SectionOwner::kLoad, 1000000),
                        StartCounting(folder, SectionOwner::kTrain, 1000000)};
    if (draws.Below(2) == 0) std::swap(children[0], children[1]);
    for (const pid_t child : children) {
      std::this_thread::sleep_for(Seconds(0.005 * draws.Fraction()));
      ASSERT_EQ(kill(child, SIGKILL), 0);
      ASSERT_TRUE(WIFSIGNALED(End(child))) << "it had ended by itself";
      ++kills;
    }
    // Neither goes back, and there is a generation for each.
    Result counts = CountsOf(folder);
    ASSERT_EQ(counts.count("error"), 0) << counts["error"];
    ASSERT_GE(std::stoull(counts["rows"]), rows);
    ASSERT_GE(std::stoull(counts["parameters"]), parameters);
    rows = std::stoull(counts["rows"]);
    parameters = std::stoull(counts["parameters"]);
    ASSERT_EQ(counts["generation"], absl::StrCat(rows + parameters));
    if (kills % 50 == 0) {
      ASSERT_THAT(FindTornGenerations(folder), IsEmpty()) << "after " << kills << " kills";
    }
  }
  EXPECT_GT(rows, 0);
  EXPECT_GT(parameters, 0);
  const uint64_t target = std::max(rows, parameters) + 10;
  EXPECT_EQ(End(StartCounting(folder, SectionOwner::kLoad, target)), 0);
  EXPECT_EQ(End(StartCounting(folder, SectionOwner::kTrain, target)), 0);
  EXPECT_EQ(CountsOf(folder), (Result{{"rows", absl::StrCat(target)},
                                      {"parameters", absl::StrCat(target)},
                                      {"generation", absl::StrCat(2 * target)}}));
  EXPECT_THAT(FindTornGenerations(folder), IsEmpty());
  std::cout << "commits: killed " << kills << " times in " << rows + parameters << " commits" << std::endl;
  RecordProperty("kills", kills);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace baton
