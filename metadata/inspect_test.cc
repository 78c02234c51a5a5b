#include "metadata/inspect.h"

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/seal.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata/testing.h"
#include "nlohmann/json.hpp"

namespace baton {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Answer {
  int exit_code = 0;
  std::string output;
};

// Runs the program, with stderr in the output.
Answer RunInspect(const std::string& arguments, const std::string& environment = "") {
  const std::string command = absl::StrCat(environment, " metadata/inspect ", arguments, " 2>&1");
  FILE* const pipe = popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  Answer answer;
  char buffer[4096];
  for (size_t size; (size = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) answer.output.append(buffer, size);
  const int status = pclose(pipe);
  EXPECT_TRUE(WIFEXITED(status));
  answer.exit_code = WEXITSTATUS(status);
  return answer;
}

class InspectTest : public ::testing::Test {
 protected:
  InspectTest() { MakeRecord(run_dir_, 3); }
  const std::string run_dir_ = NewRunDir();
};

TEST_F(InspectTest, ShowsTheNewestGeneration) {
  const Answer answer = RunInspect("show " + run_dir_);
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_THAT(answer.output, AllOf(StartsWith("run  iris\n"), HasSubstr("generation 3"), HasSubstr("3 B")));
}

TEST_F(InspectTest, ShowsAnOlderGeneration) {
  const Answer answer = RunInspect(absl::StrCat("show ", run_dir_, "@2"));
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_THAT(answer.output, HasSubstr("generation 2"));
  EXPECT_EQ(RunInspect(absl::StrCat("show ", run_dir_, "@4")).exit_code, 66);
}

TEST_F(InspectTest, JsonHasTheNamesOfTheProto) {
  const Answer answer = RunInspect(absl::StrCat("show --format=json ", run_dir_));
  EXPECT_EQ(answer.exit_code, 0);
  const nlohmann::json json = nlohmann::json::parse(answer.output);
  EXPECT_EQ(json["run"]["name"], "iris");
  EXPECT_EQ(json["load"]["raw_file_size"], "3");  // 64-bit integers are strings in protobuf's JSON
  EXPECT_EQ(json["generation"], "3");
  EXPECT_EQ(json["format_version"], 1);
  EXPECT_FALSE(json.contains("train"));
}

TEST_F(InspectTest, ShowChangesNothing) {
  FlipByte(GenerationPath(run_dir_, 3), 20);
  const Answer answer = RunInspect("show " + run_dir_);
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_THAT(answer.output, AllOf(HasSubstr("0000000003.binpb"), HasSubstr("generation 2")));
  EXPECT_TRUE(std::filesystem::exists(GenerationPath(run_dir_, 3)));
  EXPECT_EQ(RunInspect(absl::StrCat("show ", run_dir_, "@3")).exit_code, 65);
}

TEST_F(InspectTest, VerifiesAWholeRecord) {
  ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(FileSystem::Posix(), run_dir_, ""));
  ASSERT_OK_AND_ASSIGN(const Metadata record, store->Read());
  Answer answer = RunInspect("verify " + run_dir_);
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_EQ(answer.output, absl::StrCat("OK: 3 generations verify, the newest is 3, head ", record.sha256(), "\n"));
  EXPECT_EQ(RunInspect(absl::StrCat("verify ", run_dir_, " --head=", record.sha256())).exit_code, 0);
  EXPECT_THAT(RunInspect(absl::StrCat("verify ", run_dir_, " --head=", record.previous_sha256())).output,
              HasSubstr("the given head is generation 2"));
  answer = RunInspect(absl::StrCat("verify ", run_dir_, " --head=", std::string(64, '0')));
  EXPECT_EQ(answer.exit_code, 65);
  EXPECT_THAT(answer.output, HasSubstr("cut off, or replaced"));
}

TEST_F(InspectTest, VerifyNamesWhatIsDamaged) {
  FlipByte(GenerationPath(run_dir_, 2), 20);
  const Answer answer = RunInspect("verify " + run_dir_);
  EXPECT_EQ(answer.exit_code, 65);
  EXPECT_THAT(answer.output,
              AllOf(StartsWith("error  edited  0000000002.binpb  "), HasSubstr("NOT OK: 2 generations verify")));
}

// A line is a finding, whatever a file is called.
TEST_F(InspectTest, AFilesNameSteersNoTerminal) {
  WriteAll(run_dir_ + "/metadata/x\nOK: 9\x1b[2J", "x");
  const Answer answer = RunInspect("verify " + run_dir_);
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_THAT(answer.output, StartsWith("note  stray  x\\x0aOK: 9\\x1b[2J  no part of the record"));
}

TEST_F(InspectTest, VerifyAsJson) {
  FlipByte(GenerationPath(run_dir_, 2), 20);
  InspectOptions options;
  options.arguments = {"verify", run_dir_};
  options.format = "json";
  options.working_folder = "/";
  std::string output;
  EXPECT_THAT(Inspect(FileSystem::Posix(), options, output),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("is not whole")));
  const nlohmann::json json = nlohmann::json::parse(output);
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["verified"], 2);
  EXPECT_EQ(json["newest"], 3);
  EXPECT_EQ(json["head"].get<std::string>().size(), 64);
  ASSERT_EQ(json["findings"].size(), 1);
  EXPECT_EQ(json["findings"][0]["severity"], "error");
  EXPECT_EQ(json["findings"][0]["kind"], "edited");
  EXPECT_EQ(json["findings"][0]["file"], "0000000002.binpb");
}

TEST_F(InspectTest, Provenance) {
  const Answer refused = RunInspect("provenance " + run_dir_);
  EXPECT_EQ(refused.exit_code, 64);
  EXPECT_THAT(refused.output, HasSubstr("load is not complete"));
  ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(FileSystem::Posix(), run_dir_, ""));
  const auto complete = [](Metadata& record) {
    record.mutable_load()->mutable_stage()->set_status(StageRun::COMPLETE);
    return absl::OkStatus();
  };
  ASSERT_THAT(store->Commit(SectionOwner::kLoad, complete), IsOk());
  const Answer answer = RunInspect("provenance " + run_dir_);
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_EQ(nlohmann::json::parse(answer.output)["_type"], "https://in-toto.io/Statement/v1");
}

TEST_F(InspectTest, RelativeFoldersAreRelativeToWhereTheUserStands) {
  const std::filesystem::path path = run_dir_;
  const Answer answer = RunInspect(absl::StrCat("show ", path.filename().string()),
                                   absl::StrCat("BUILD_WORKING_DIRECTORY=", path.parent_path().string()));
  EXPECT_EQ(answer.exit_code, 0) << answer.output;
}

TEST_F(InspectTest, Usage) {
  const Answer help = RunInspect("--help");
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.output, AllOf(HasSubstr("  inspect show RUN_DIR"), HasSubstr("Exit codes")));
  EXPECT_EQ(RunInspect("").exit_code, 64);
  EXPECT_THAT(RunInspect("show").output, HasSubstr("expected: inspect show RUN_DIR[@GENERATION]"));
  EXPECT_EQ(RunInspect("shwo " + run_dir_).exit_code, 64);
  EXPECT_EQ(RunInspect(absl::StrCat("show --format=yaml ", run_dir_)).exit_code, 64);
  EXPECT_EQ(RunInspect(absl::StrCat("show ", run_dir_, "@0")).exit_code, 64);
  EXPECT_EQ(RunInspect(absl::StrCat("verify ", run_dir_, "@1")).exit_code, 64);
  EXPECT_EQ(RunInspect(absl::StrCat("show ", run_dir_, " ", run_dir_)).exit_code, 64);
  EXPECT_EQ(RunInspect(absl::StrCat("show --head=0 ", run_dir_)).exit_code, 64);
  const Answer typo = RunInspect(absl::StrCat("show --fromat=json ", run_dir_));
  EXPECT_EQ(typo.exit_code, 64);
  EXPECT_THAT(typo.output, HasSubstr("did you mean --format?"));
}

TEST_F(InspectTest, ARecordOfANewerProgram) {
  ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(FileSystem::Posix(), run_dir_, ""));
  ASSERT_OK_AND_ASSIGN(Metadata record, store->Read());
  record.set_format_version(record.format_version() + 1);
  WriteAll(GenerationPath(run_dir_, 3), Seal(record));
  for (const std::string command : {"show", "history", "verify", "provenance"}) {
    EXPECT_EQ(RunInspect(absl::StrCat(command, " ", run_dir_)).exit_code, 78) << command;
  }
  EXPECT_THAT(RunInspect("--help").output, HasSubstr("78 a newer program"));
}

TEST_F(InspectTest, NoRecord) {
  EXPECT_EQ(RunInspect("show " + NewRunDir()).exit_code, 66);
  EXPECT_EQ(RunInspect("verify " + NewRunDir()).exit_code, 66);
  EXPECT_EQ(RunInspect("show /nowhere").exit_code, 66);
}

}  // namespace
}  // namespace baton
