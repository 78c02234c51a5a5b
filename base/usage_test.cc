#include "base/usage.h"

#include <sched.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST(ProcessUsage, CountsCpuTimeAsTheClockDoes) {
  const auto clock = [] {
    timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double clock_before = clock();
  const double before = ProcessUsage().cpu_seconds;
  while (clock() < clock_before + 0.1) {
  }
  const double after = ProcessUsage().cpu_seconds;
  const double clock_after = clock();
  EXPECT_GT(after, before);
  // rusage counts in scheduler ticks on some kernels.
  EXPECT_NEAR(after, clock_after, 0.05);
}

TEST(ProcessUsage, PeakMemoryGrowsAndStays) {
  constexpr size_t kBytes = 64 << 20;
  const uint64_t before = ProcessUsage().peak_memory_bytes;
  EXPECT_GT(before, 100 << 10);
  {
    std::vector<char> block(kBytes, 1);
    EXPECT_EQ(block[kBytes / 2], 1);
  }
  const uint64_t after = ProcessUsage().peak_memory_bytes;
  EXPECT_GE(after, kBytes);
  EXPECT_LT(after, before + 2 * kBytes);
}

TEST(Machine, CpuModelIsInCpuinfo) {
  std::ifstream file("/proc/cpuinfo");
  std::stringstream text;
  text << file.rdbuf();
  if (text.str().find("\nmodel name\t") == std::string::npos) {
    EXPECT_EQ(CpuModel(), "unknown");
  } else {
    EXPECT_THAT(text.str(), HasSubstr("\nmodel name\t: " + CpuModel() + "\n"));
  }
}

TEST(Machine, HostNameIsThatOfUname) {
  utsname name;
  ASSERT_EQ(uname(&name), 0);
  EXPECT_EQ(HostName(), name.nodename);
}

TEST(Machine, AvailableCoresFollowsAffinity) {
  cpu_set_t all;
  ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
  EXPECT_EQ(AvailableCores(), CPU_COUNT(&all));
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int core = 0; CPU_COUNT(&one) == 0; ++core) {
    if (CPU_ISSET(core, &all)) CPU_SET(core, &one);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(AvailableCores(), 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof(all), &all), 0);
}

TEST(Machine, ProgramPathIsThisTest) {
  EXPECT_THAT(ProgramPath(), StartsWith("/"));
  EXPECT_THAT(ProgramPath(), EndsWith("base/usage_test"));
}

}  // namespace
}  // namespace baton
