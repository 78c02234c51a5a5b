#include "metadata/attempt.h"

#include <unistd.h>

#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "base/digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata/testing.h"
#include "metadata/timestamp.h"

namespace baton {
namespace {

using ::testing::MatchesRegex;

TEST(MakeAttempt, SaysWhoAndWhere) {
  const absl::Time before = absl::Now();
  const AttemptClock clock;
  const Attempt attempt = MakeAttempt(FileSystem::Posix(),
                                      {.program_version = "1.2",
                                       .device = "cuda",
                                       .gpu_model = "H200",
                                       .cpu_capability = "AVX2",
                                       .workers = 3,
                                       .threads_per_worker = 2,
                                       .libraries = {{"torch", "2.13.0"}},
                                       .resumed_from_step = 7,
                                       .peak_gpu_memory_bytes = [] { return uint64_t{12345}; }},
                                      clock);
  EXPECT_THAT(attempt.attempt_id(), MatchesRegex("[0-9a-f]{16}"));
  EXPECT_GE(FromTimestamp(attempt.start_time()), before);
  EXPECT_LE(FromTimestamp(attempt.start_time()), absl::Now());
  EXPECT_FALSE(attempt.has_end_time());
  char host[256];
  ASSERT_EQ(gethostname(host, sizeof(host)), 0);
  EXPECT_EQ(attempt.host(), host);
  EXPECT_EQ(attempt.pid(), getpid());
  EXPECT_FALSE(attempt.cpu_model().empty());
  EXPECT_EQ(attempt.device(), "cuda");
  EXPECT_EQ(attempt.gpu_model(), "H200");
  EXPECT_EQ(attempt.cpu_capability(), "AVX2");
  EXPECT_EQ(attempt.workers(), 3);
  EXPECT_EQ(attempt.threads_per_worker(), 2);
  EXPECT_EQ(attempt.program_version(), "1.2");
  EXPECT_EQ(attempt.libraries().at("torch"), "2.13.0");
  EXPECT_EQ(attempt.resumed_from_step(), 7);
  EXPECT_EQ(attempt.peak_gpu_memory_bytes(), 12345);
}

TEST(MakeAttempt, SaysWhichProgramAndHowItWasCalled) {
  const Attempt attempt = MakeAttempt(FileSystem::Posix(), {}, AttemptClock());
  ASSERT_GE(attempt.command_size(), 1);
  EXPECT_EQ(std::filesystem::path(attempt.command(0)).filename(), "attempt_test");
  const std::string program = ReadAll(std::filesystem::read_symlink("/proc/self/exe"));
  EXPECT_EQ(attempt.program_sha256(), Sha256Hex(program));
}

TEST(MakeAttempt, LeavesOutWhatDoesNotApply) {
  const Attempt attempt = MakeAttempt(FileSystem::Posix(), {}, AttemptClock());
  EXPECT_EQ(attempt.device(), "cpu");
  EXPECT_FALSE(attempt.has_gpu_model());
  EXPECT_FALSE(attempt.has_cpu_capability());
  EXPECT_FALSE(attempt.has_peak_gpu_memory_bytes());
  EXPECT_FALSE(attempt.has_resumed_from_step());
}

TEST(MakeAttempt, EachHasItsOwnId) {
  EXPECT_NE(MakeAttempt(FileSystem::Posix(), {}, AttemptClock()).attempt_id(),
            MakeAttempt(FileSystem::Posix(), {}, AttemptClock()).attempt_id());
}

TEST(AttemptClock, MeasuresTheProcessSinceItBegan) {
  // Work that must not count.
  for (const clock_t end = clock() + CLOCKS_PER_SEC / 20; clock() < end;) {
  }
  const double before = static_cast<double>(clock()) / CLOCKS_PER_SEC;
  const AttemptClock attempt_clock;
  for (const clock_t end = clock() + CLOCKS_PER_SEC / 20; clock() < end;) {
  }
  constexpr size_t kBytes = size_t{64} << 20;
  std::vector<char> memory(kBytes);
  memset(memory.data(), 1, kBytes);
  Attempt attempt;
  attempt_clock.Measure({}, attempt);
  const double after = static_cast<double>(clock()) / CLOCKS_PER_SEC;
  // The C library's clock and ours may differ by a tick of the kernel's.
  EXPECT_GE(attempt.cpu_seconds(), 0.04);
  EXPECT_LE(attempt.cpu_seconds(), after - before + 0.01);
  EXPECT_GE(attempt.wall_seconds(), 0.04);
  EXPECT_GE(attempt.peak_memory_bytes(), kBytes);
  EXPECT_EQ(memory[kBytes / 2], 1);
}

}  // namespace
}  // namespace baton
