#include "base/lock.h"

#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "base/usage.h"

namespace baton {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Mode = FileLock::Mode;

std::string Path(const std::string& name) { return testing::TempDir() + "/" + name; }

std::string Content(const std::string& path) {
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

TEST(FileLock, ExclusiveExcludesAllAndNamesItsHolder) {
  const std::string path = Path("exclusive");
  ASSERT_OK_AND_ASSIGN(auto lock, FileLock::Acquire(path, Mode::kExclusive));
  const std::string self = absl::StrCat("process ", getpid(), " on host ", HostName(), " since 2");
  EXPECT_THAT(Content(path), HasSubstr(self));
  for (const Mode mode : {Mode::kExclusive, Mode::kShared}) {
    EXPECT_THAT(FileLock::Acquire(path, mode),
                StatusIs(StatusCode::kUnavailable,
                         AllOf(HasSubstr(path + " is locked by " + self), HasSubstr("; wait for it or stop it"))));
  }
  // An attempt that failed has neither released nor renamed it.
  EXPECT_THAT(Content(path), HasSubstr(self));
  lock.reset();
  EXPECT_EQ(Content(path), "");
  EXPECT_THAT(FileLock::Acquire(path, Mode::kShared), IsOk());
}

TEST(FileLock, SharedExcludesOnlyExclusive) {
  const std::string path = Path("shared");
  std::ofstream(path) << "process 1 on host elsewhere since long ago";
  ASSERT_OK_AND_ASSIGN(auto first, FileLock::Acquire(path, Mode::kShared));
  ASSERT_OK_AND_ASSIGN(auto second, FileLock::Acquire(path, Mode::kShared));
  EXPECT_THAT(
      FileLock::Acquire(path, Mode::kExclusive),
      StatusIs(StatusCode::kUnavailable, AllOf(HasSubstr("a process that reads it"), Not(HasSubstr("elsewhere")))));
  first.reset();
  EXPECT_THAT(FileLock::Acquire(path, Mode::kExclusive), StatusIs(StatusCode::kUnavailable, HasSubstr(path)));
  second.reset();
  EXPECT_THAT(FileLock::Acquire(path, Mode::kExclusive), IsOk());
}

TEST(FileLock, DiesWithItsHolder) {
  const std::string path = Path("killed");
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = FileLock::Acquire(path, Mode::kExclusive);
    if (write(ready[1], lock.ok() ? "y" : "n", 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  EXPECT_THAT(FileLock::Acquire(path, Mode::kExclusive),
              StatusIs(StatusCode::kUnavailable, HasSubstr(absl::StrCat("locked by process ", child, " on"))));
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  ASSERT_OK_AND_ASSIGN(const auto lock, FileLock::Acquire(path, Mode::kExclusive));
  EXPECT_THAT(Content(path), HasSubstr(absl::StrCat("process ", getpid(), " on")));
}

TEST(FileLock, IsNotKeptByAProgramThatWasStarted) {
  const std::string path = Path("exec");
  ASSERT_OK_AND_ASSIGN(auto lock, FileLock::Acquire(path, Mode::kExclusive));
  std::string program = "sleep", argument = "1000";
  char* const arguments[] = {program.data(), argument.data(), nullptr};
  pid_t child;
  ASSERT_EQ(posix_spawnp(&child, "sleep", nullptr, nullptr, arguments, environ), 0);
  lock.reset();
  EXPECT_THAT(FileLock::Acquire(path, Mode::kExclusive), IsOk());
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
}

TEST(FileLock, NeedsItsFolder) {
  EXPECT_THAT(FileLock::Acquire(Path("missing/lock"), Mode::kShared),
              StatusIs(StatusCode::kNotFound, HasSubstr("missing/lock")));
}

TEST(FileLock, SharedWorksWhereNothingMayBeWritten) {
  const std::string path = Path("read_only");
  std::ofstream(path) << "";
  ASSERT_EQ(chmod(path.c_str(), 0444), 0);
  // As root, permissions do not count, but it must work all the same.
  EXPECT_THAT(FileLock::Acquire(path, Mode::kShared), IsOk());
  if (geteuid() != 0) {
    EXPECT_THAT(FileLock::Acquire(path, Mode::kExclusive), StatusIs(StatusCode::kPermissionDenied, HasSubstr(path)));
  }
}

}  // namespace
}  // namespace baton
