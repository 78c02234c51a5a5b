#include "pipeline/run/child_process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "base/signals.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::HasSubstr;

absl::StatusOr<ChildEnd> RunShell(const std::string& script) { return RunChild({"/bin/sh", "-c", script}); }

std::string TempPath(const std::string& name) { return testing::TempDir() + "/" + name; }

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Looks every few milliseconds; false if it has not come true after 20 s.
bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 4000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

// State ("S", "T", "Z", ...) of a process, as /proc says it; empty if it is gone.
std::string ProcessState(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string id, name, state;
  file >> id >> name >> state;
  return state;
}

// Runs the script as the child of a process of its own, whose id it returns.
pid_t RunShellElsewhere(const std::string& script) {
  const pid_t pid = fork();
  if (pid == 0) {
    const absl::StatusOr<ChildEnd> end = RunShell(script);
    _exit(end.ok() ? end->exit_code : 70);
  }
  return pid;
}

TEST(ChildProcess, TellsTheExitCode) {
  ASSERT_OK_AND_ASSIGN(const ChildEnd end, RunShell("exit 65"));
  EXPECT_EQ(end.exit_code, 65);
  EXPECT_EQ(end.signal, 0);
  EXPECT_FALSE(end.stop_forwarded);
}

TEST(ChildProcess, TellsTheSignal) {
  ASSERT_OK_AND_ASSIGN(const ChildEnd end, RunShell("kill -KILL $$"));
  EXPECT_EQ(end.signal, SIGKILL);
  EXPECT_FALSE(end.stop_forwarded);
}

TEST(ChildProcess, PassesArgumentsOn) {
  ASSERT_OK_AND_ASSIGN(const ChildEnd end, RunChild({"/bin/sh", "-c", "[ \"$1\" = 'a b' ] && exit 3", "sh", "a b"}));
  EXPECT_EQ(end.exit_code, 3);
}

TEST(ChildProcess, MissingProgram) {
  EXPECT_THAT(RunChild({"/nowhere/at/all"}), StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere/at/all")));
}

TEST(ChildProcess, ProgramThatMayNotBeRun) {
  const std::string path = TempPath("not_executable");
  std::ofstream(path) << "#!/bin/sh\n";
  EXPECT_THAT(RunChild({path}), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("start " + path)));
}

TEST(ChildProcess, IsNotStartedAfterAStopSignal) {
  const pid_t pid = fork();
  if (pid == 0) {
    InstallStopSignals();
    raise(SIGTERM);
    _exit(absl::IsCancelled(RunShell("true").status()) ? 3 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 3);
}

TEST(ChildProcess, HasAProcessGroupOfItsOwn) {
  ASSERT_OK_AND_ASSIGN(const ChildEnd end, RunShell("read pid name state parent group rest </proc/$$/stat\n"
                                                    "[ $group = $$ ] && exit 3"));
  EXPECT_EQ(end.exit_code, 3);
}

TEST(ChildProcess, ReadsNothing) {
  const std::string path = TempPath("input");
  std::ofstream(path) << "a line\n";
  ASSERT_NE(freopen(path.c_str(), "r", stdin), nullptr);
  ASSERT_OK_AND_ASSIGN(const ChildEnd end, RunShell("if read line; then exit 1; else exit 3; fi"));
  EXPECT_EQ(end.exit_code, 3);
}

TEST(ChildProcess, ForwardsEverySignal) {
  ASSERT_OK_AND_ASSIGN(const ChildEnd end, RunShell(R"(
    trap 'terms=x$terms; [ $terms = xx ] && exit 7; kill -INT $PPID' TERM
    trap 'ints=x$ints; kill -TERM $PPID' INT
    kill -TERM $PPID
    while :; do sleep 0.01; done)"));
  EXPECT_EQ(end.exit_code, 7);
  EXPECT_TRUE(end.stop_forwarded);
}

TEST(ChildProcess, LeavesSignalsAsTheyWere) {
  ASSERT_THAT(RunShell("true"), IsOk());
  sigset_t mask;
  sigprocmask(SIG_SETMASK, nullptr, &mask);
  for (const int signal : {SIGTERM, SIGINT, SIGTSTP, SIGCHLD}) EXPECT_EQ(sigismember(&mask, signal), 0) << signal;
}

// At once, whatever it does when it is asked to stop.
TEST(ChildProcess, DiesWithTheParent) {
  const std::string ready = TempPath("ready_to_be_orphaned");
  const pid_t parent = RunShellElsewhere("trap '' TERM; echo $$ >" + ready + "; while :; do sleep 0.01; done");
  ASSERT_TRUE(Eventually([&] { return !Contents(ready).empty(); }));
  const pid_t child = std::stoi(Contents(ready));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  const auto gone = [child] {
    const std::string state = ProcessState(child);
    return state.empty() || state == "Z" || state == "X";
  };
  EXPECT_TRUE(Eventually(gone));
  if (!gone()) kill(child, SIGKILL);
}

TEST(ChildProcess, StopsAndContinuesTogether) {
  const std::string ready = TempPath("ready_to_be_stopped");
  const pid_t parent = RunShellElsewhere("echo $$ >" + ready + "; exec sleep 1000");
  ASSERT_TRUE(Eventually([&] { return !Contents(ready).empty(); }));
  const pid_t child = std::stoi(Contents(ready));
  kill(parent, SIGTSTP);
  int status = 0;
  ASSERT_EQ(waitpid(parent, &status, WUNTRACED), parent);
  ASSERT_TRUE(WIFSTOPPED(status));
  EXPECT_TRUE(Eventually([&] { return ProcessState(child) == "T"; }));
  kill(parent, SIGCONT);
  EXPECT_TRUE(Eventually([&] { return ProcessState(child) != "T"; }));
  kill(child, SIGKILL);
  waitpid(parent, nullptr, 0);
}

}  // namespace
}  // namespace baton
