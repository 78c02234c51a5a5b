#include "base/program.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/testing/temporary_folder.h"
#include "glog/logging.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

ABSL_FLAG(int, count, 1, "");

namespace baton {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

using Body = std::function<absl::Status(const std::vector<std::string>&)>;

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

// RunProgram in a process of its own, since it is for one call a process. stdout goes to `out`, if given.
Outcome Call(std::vector<std::string> arguments, const Body& body, const std::string& out = "") {
  const std::string out_path = out.empty() ? testing::TempDir() + "/out" : out;
  const std::string err_path = testing::TempDir() + "/err";
  const pid_t child = fork();
  if (child == 0) {
    dup2(open(out_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
    dup2(open(err_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
    std::vector<char*> argv = {const_cast<char*>("/bin/tool")};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    _exit(RunProgram(static_cast<int>(argv.size()), argv.data(), "Does things.\n\n  tool --count=3", body));
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  return {WEXITSTATUS(status), out.empty() ? Content(out_path) : "", Content(err_path)};
}

Body Returns(absl::Status status) {
  return [status](const std::vector<std::string>&) { return status; };
}

TEST(RunProgramTest, HandsOverFlagsAndArguments) {
  const Outcome outcome = Call({"a=b", "--count=3", "c"}, [](const std::vector<std::string>& arguments) {
    std::cout << absl::GetFlag(FLAGS_count) << " " << arguments.size() << " " << arguments[0] << " " << arguments[1];
    std::printf("!");
    return absl::OkStatus();
  });
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "3 2 a=b c!");
  EXPECT_EQ(outcome.err, "");
}

TEST(RunProgramTest, AnErrorIsOneLineAndAnExitCode) {
  const Outcome bad_data = Call({}, Returns(absl::DataLossError("x.csv:3: no number")));
  EXPECT_EQ(bad_data.code, 65);
  EXPECT_EQ(bad_data.err, "ERROR: x.csv:3: no number\n");
  EXPECT_EQ(bad_data.out, "");
  EXPECT_EQ(Call({}, Returns(absl::InvalidArgumentError("x"))).code, 64);
  EXPECT_EQ(Call({}, Returns(absl::UnavailableError("x"))).code, 69);
}

TEST(RunProgramTest, AStopIsNoError) {
  const Outcome outcome = Call({}, Returns(absl::CancelledError("stopped at step 3")));
  EXPECT_EQ(outcome.code, 75);
  EXPECT_EQ(outcome.err, "WARNING: stopped at step 3\n");
}

TEST(RunProgramTest, ExceptionsBecomeErrors) {
  const Outcome fault = Call({}, [](const auto&) -> absl::Status { throw std::runtime_error("oops"); });
  EXPECT_EQ(fault.code, 70);
  EXPECT_THAT(fault.err, HasSubstr("ERROR: a fault of this program: oops"));
  const Outcome memory = Call({}, [](const auto&) -> absl::Status { throw std::bad_alloc(); });
  EXPECT_EQ(memory.code, 71);
  EXPECT_THAT(memory.err, testing::StartsWith("ERROR: out of memory"));
}

TEST(RunProgramTest, HelpIsTheProgramsOwnText) {
  const Outcome outcome = Call({"--help"}, Returns(absl::InternalError("the body was called")));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "Does things.\n\n  tool --count=3\n");
  EXPECT_EQ(outcome.err, "");
}

TEST(RunProgramTest, BadFlagsAreUsageErrors) {
  for (const char* bad : {"--cuont=3", "--count=many", "--count", "--logtostderr", "--v=3", "--flagfile=x"}) {
    const Outcome outcome = Call({bad}, Returns(absl::OkStatus()));
    EXPECT_EQ(outcome.code, 64) << bad;
    EXPECT_THAT(outcome.err, testing::AllOf(testing::StartsWith("ERROR: "), EndsWith("see --help\n")));
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_THAT(Call({"--cuont=3"}, Returns(absl::OkStatus())).err, HasSubstr("did you mean --count?"));
}

TEST(RunProgramTest, ResultsThatCannotBeWrittenAreAnError) {
  const auto print = [](const auto&) {
    std::cout << "result";
    return absl::OkStatus();
  };
  const Outcome outcome = Call({}, print, "/dev/full");
  EXPECT_EQ(outcome.code, 74);
  EXPECT_THAT(outcome.err, HasSubstr("stdout: No space left on device"));
  EXPECT_EQ(Call({}, print, "/dev/null").code, 0);
  // Of two errors the first is told.
  EXPECT_EQ(Call({"--help"}, Returns(absl::OkStatus()), "/dev/full").code, 74);
}

TEST(LogTest, LinesAreForPeople) {
  const Outcome outcome = Call({}, [](const auto&) {
    LOG(INFO) << "half done";
    LOG(WARNING) << "this is odd\nindeed";
    LOG(ERROR) << "this is wrong";
    VLOG(1) << "details";
    return absl::OkStatus();
  });
  EXPECT_EQ(outcome.err, "half done\nWARNING: this is odd\nindeed\nERROR: this is wrong\n");
}

// As a file's name or a damaged file's text may have them.
TEST(LogTest, AMessageSteersNoTerminal) {
  const std::string hostile = "gr\xC3\xBC\xC3\x9F \x1b]0;title\x07\x1b[2J\r\xC2\x9Bm\xFF";
  const std::string shown = "gr\xC3\xBC\xC3\x9F \\x1b]0;title\\x07\\x1b[2J\\x0d\\xc2\\x9bm\\xff";
  const Outcome outcome = Call({}, [&](const auto&) {
    LOG(WARNING) << hostile;
    return absl::DataLossError(hostile);
  });
  EXPECT_EQ(outcome.err, absl::StrCat("WARNING: ", shown, "\nERROR: ", shown, "\n"));
  EXPECT_THAT(Call({absl::StrCat("--", hostile)}, Returns(absl::OkStatus())).err, HasSubstr("\\x1b]0;title"));
}

TEST(LogTest, NoLogFileIsWritten) {
  const TemporaryFolder folder;
  const Outcome outcome = Call({}, [&](const auto&) {
    FLAGS_log_dir = folder.path();  // where glog would put it
    LOG(ERROR) << "x";
    return absl::OkStatus();
  });
  EXPECT_EQ(outcome.err, "ERROR: x\n");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(LogTest, OnATerminalALineTakesThePlaceOfTheBar) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0) GTEST_SKIP() << "no pseudo-terminals here";
  ASSERT_EQ(grantpt(terminal), 0);
  ASSERT_EQ(unlockpt(terminal), 0);
  const std::string name = ptsname(terminal);
  const int held = open(name.c_str(), O_RDWR | O_NOCTTY);  // else reading fails once the child has gone
  Call({}, [&](const auto&) {
    dup2(open(name.c_str(), O_WRONLY | O_NOCTTY), STDERR_FILENO);
    LOG(WARNING) << "odd";
    return absl::OkStatus();
  });
  char buffer[100] = {};
  ASSERT_GT(read(terminal, buffer, sizeof(buffer) - 1), 0);
  EXPECT_STREQ(buffer, "\r\x1b[KWARNING: odd\r\n");
  close(held);
  close(terminal);
}

}  // namespace
}  // namespace baton
