#include "base/signals.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "gtest/gtest.h"

namespace baton {
namespace {

// Each in a process of its own, since what a signal sets stays. Death tests compare the exit code.

TEST(SignalsDeathTest, WithoutASignalNothingIsRequested) {
  EXPECT_EXIT(
      {
        InstallStopSignals();
        std::exit(!StopRequested() && StopSignal() == 0 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(SignalsDeathTest, TheFirstOneOnlyRequests) {
  for (const int signal : {SIGTERM, SIGINT}) {
    EXPECT_EXIT(
        {
          InstallStopSignals();
          errno = 17;
          raise(signal);
          std::exit(StopRequested() && StopSignal() == signal && errno == 17 ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
  }
}

TEST(SignalsDeathTest, SoonerOnesAreIgnored) {
  EXPECT_EXIT(
      {
        InstallStopSignals();
        for (const int signal : {SIGTERM, SIGTERM, SIGINT}) raise(signal);
        std::exit(StopSignal() == SIGTERM ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(SignalsDeathTest, ALaterOneEndsTheProcessAtOnce) {
  EXPECT_EXIT(
      {
        std::atexit([] { _exit(1); });
        InstallStopSignals();
        raise(SIGTERM);
        // Not interrupted: the signal came before. Two seconds and a bit.
        usleep(2'001'000);
        raise(SIGINT);
        std::exit(1);
      },
      testing::ExitedWithCode(75), "");
}

}  // namespace
}  // namespace baton
