#include "base/command_line.h"

#include <cstdlib>

#include "absl/flags/flag.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

ABSL_FLAG(std::string, test_name, "", "");
ABSL_FLAG(int, test_count, 0, "");
ABSL_FLAG(bool, test_quick, false, "");

namespace baton {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::StatusOr<CommandLine> Parse(std::vector<std::string> arguments) {
  std::vector<char*> argv = {const_cast<char*>("program")};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  return ParseCommandLine(static_cast<int>(argv.size()), argv.data());
}

TEST(ParseCommandLine, SetsFlagsAndReturnsTheRest) {
  ASSERT_OK_AND_ASSIGN(CommandLine line, Parse({"show", "--test_name=a=b", "-test_count", "-3", "x=1", "-"}));
  EXPECT_THAT(line.arguments, ElementsAre("show", "x=1", "-"));
  EXPECT_FALSE(line.help);
  EXPECT_EQ(absl::GetFlag(FLAGS_test_name), "a=b");
  EXPECT_EQ(absl::GetFlag(FLAGS_test_count), -3);
}

TEST(ParseCommandLine, Bools) {
  ASSERT_OK_AND_ASSIGN(CommandLine line, Parse({"--test_quick", "x"}));
  EXPECT_TRUE(absl::GetFlag(FLAGS_test_quick));
  EXPECT_THAT(line.arguments, ElementsAre("x"));
  ASSERT_THAT(Parse({"--notest_quick"}), IsOk());
  EXPECT_FALSE(absl::GetFlag(FLAGS_test_quick));
  ASSERT_THAT(Parse({"--test_quick=true"}), IsOk());
  EXPECT_TRUE(absl::GetFlag(FLAGS_test_quick));
}

TEST(ParseCommandLine, TwoDashesEndTheFlags) {
  ASSERT_OK_AND_ASSIGN(const CommandLine line, Parse({"--", "--test_count=9", "--help"}));
  EXPECT_THAT(line.arguments, ElementsAre("--test_count=9", "--help"));
  EXPECT_FALSE(line.help);
}

TEST(ParseCommandLine, Help) {
  ASSERT_OK_AND_ASSIGN(const CommandLine line, Parse({"--help"}));
  EXPECT_TRUE(line.help);
  EXPECT_THAT(line.arguments, IsEmpty());
}

TEST(ParseCommandLine, SaysWhatIsWrong) {
  EXPECT_THAT(Parse({"--tset_count=1"}), StatusIs(absl::StatusCode::kInvalidArgument,
                                                  AllOf(HasSubstr("--tset_count"), HasSubstr("--test_count?"))));
  EXPECT_THAT(Parse({"--notest_name"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--notest_name")));
  EXPECT_THAT(Parse({"--test_count"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("needs a value")));
  EXPECT_THAT(Parse({"--test_count=many"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--test_count=many")));
}

TEST(WorkingFolder, IsWhereTheUserStands) {
  ASSERT_EQ(setenv("BUILD_WORKING_DIRECTORY", "/home/ada", 1), 0);
  EXPECT_EQ(WorkingFolder(), "/home/ada");
  ASSERT_EQ(unsetenv("BUILD_WORKING_DIRECTORY"), 0);
  EXPECT_THAT(WorkingFolder(), testing::StartsWith("/"));
}

}  // namespace
}  // namespace baton
