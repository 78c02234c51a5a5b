#include "base/progress.h"

#include <pty.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// Stderr is a terminal of 60 columns as long as this lives.
class Terminal {
 public:
  Terminal() {
    setenv("TERM", "xterm", 1);
    winsize size = {.ws_row = 24, .ws_col = 60, .ws_xpixel = 0, .ws_ypixel = 0};
    int terminal;
    if (openpty(&master_, &terminal, nullptr, nullptr, &size) != 0) return;
    saved_ = dup(STDERR_FILENO);
    dup2(terminal, STDERR_FILENO);
    close(terminal);
  }
  ~Terminal() {
    if (master_ < 0) return;
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    close(master_);
  }
  // False where the system has no pseudo-terminals, as in a chroot without /dev/pts.
  bool exists() const { return master_ >= 0; }
  // What was written since the last call; there must be something.
  std::string Read() {
    char text[4096];
    const ssize_t size = read(master_, text, sizeof(text));
    return std::string(text, size > 0 ? size : 0);
  }

 private:
  int master_ = -1;
  int saved_ = -1;
};

void WaitUntilDue(const Progress& progress) {
  while (!progress.Due()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

TEST(Progress, DrawsABarOnATerminalAndClearsIt) {
  Terminal terminal;
  if (!terminal.exists()) GTEST_SKIP() << "no pseudo-terminals here";
  {
    Progress progress("train", "steps", 10, 0);
    progress.Update(1, "too early to be shown");
    WaitUntilDue(progress);
    progress.Update(5, "loss 0.5");
    const std::string drawn = terminal.Read();
    EXPECT_THAT(drawn, AllOf(StartsWith("\rtrain  50%"), HasSubstr("5/10 steps"), EndsWith("loss 0.5\x1b[K")));
    EXPECT_LE(drawn.size() - 4, 59);
    EXPECT_FALSE(progress.Due());
    progress.Update(6, "too soon after the last");
    WaitUntilDue(progress);
    progress.Update(7, std::string(100, 'x'));
    const std::string redrawn = terminal.Read();
    EXPECT_THAT(redrawn, AllOf(StartsWith("\rtrain  70%"), EndsWith("xx\x1b[K")));
    EXPECT_EQ(redrawn.size() - 4, 59);
  }
  EXPECT_EQ(terminal.Read(), "\r\x1b[K");
}

TEST(Progress, IsSilentAboutShortWork) {
  testing::internal::CaptureStderr();
  {
    Progress progress("train", "steps", 10, 0);
    for (int i = 0; i < 10; ++i) progress.Update(i, "");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace baton
