#include "pipeline/config/command_line.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "absl/flags/reflection.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

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

absl::Status PrintOptions(const StageOptions& options) {
  std::cout << "run_dir " << options.run_dir << "\nconfig " << options.config_path << "\nfolder "
            << options.working_folder << "\nstart_over " << options.start_over << "\noverrides "
            << absl::StrJoin(options.overrides, " ") << "\n";
  return options.fs == &FileSystem::Posix() ? absl::OkStatus() : absl::InternalError("another file system");
}

// RunMain in a process of its own, of somebody who stands in `folder` and calls `bazel run`.
Outcome Call(std::vector<std::string> arguments, const std::string& folder = "/home/ada") {
  const std::string out_path = testing::TempDir() + "/out";
  const std::string err_path = testing::TempDir() + "/err";
  const pid_t child = fork();
  if (child == 0) {
    dup2(open(out_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
    dup2(open(err_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
    setenv("BUILD_WORKING_DIRECTORY", folder.c_str(), 1);
    std::vector<char*> argv = {const_cast<char*>("/bin/train")};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    _exit(RunMain(static_cast<int>(argv.size()), argv.data(), "Trains a model.\n", PrintOptions));
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  return {WEXITSTATUS(status), Content(out_path), Content(err_path)};
}

TEST(RunMainTest, PathsAreRelativeToTheUser) {
  const Outcome outcome =
      Call({"seed=1", "--run_dir=../runs/x/", "--config", "configs/x.textproto", "--start_over", "name=a=b"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out,
            "run_dir /home/runs/x\nconfig /home/ada/configs/x.textproto\nfolder /home/ada\nstart_over 1\n"
            "overrides seed=1 name=a=b\n");
}

TEST(RunMainTest, OnlyTheRunDirectoryIsNeeded) {
  const Outcome outcome = Call({"--run_dir=/runs/x"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "run_dir /runs/x\nconfig \nfolder /home/ada\nstart_over 0\noverrides \n");
}

TEST(RunMainTest, SaysWhatIsMissing) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{}, {"--config=x.textproto"}, {"--run_dir="}}) {
    const Outcome outcome = Call(arguments);
    EXPECT_EQ(outcome.code, 64);
    EXPECT_THAT(outcome.err, AllOf(StartsWith("ERROR: --run_dir is missing"), HasSubstr("--run_dir=runs/iris")));
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(RunMainTest, RefusesARunDirectoryThatIsAFile) {
  const std::string file = testing::TempDir() + "/file";
  std::ofstream(file) << "x";
  const Outcome outcome = Call({"--run_dir=" + file});
  EXPECT_EQ(outcome.code, 64);
  EXPECT_THAT(outcome.err, HasSubstr("/file, which is no folder"));
}

TEST(RunMainTest, RefusesArgumentsThatAreNoOverrides) {
  Outcome outcome = Call({"--run_dir=x", "configs/iris.textproto"});
  EXPECT_EQ(outcome.code, 64);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean --config=configs/iris.textproto?"));
  outcome = Call({"--run_dir=x", "seed", "1"});
  EXPECT_EQ(outcome.code, 64);
  EXPECT_THAT(outcome.err, HasSubstr("\"seed\" is neither a flag nor an override"));
  outcome = Call({"--run_dri=x"});
  EXPECT_EQ(outcome.code, 64);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean --run_dir?"));
}

TEST(RunMainTest, HelpTeachesEveryFlagAndNoOther) {
  const Outcome outcome = Call({"--help"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, StartsWith("Trains a model.\n\nFlags:\n"));
  EXPECT_EQ(absl::GetAllFlags().size(), 4) << "flags of a library came in";
  for (const auto& flag : absl::GetAllFlags()) {
    EXPECT_THAT(outcome.out, HasSubstr(absl::StrCat("\n  --", std::string(flag.first)))) << flag.first;
  }
  EXPECT_THAT(outcome.out, Not(HasSubstr("log_dir")));
}

}  // namespace
}  // namespace baton
