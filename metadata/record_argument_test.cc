#include "metadata/record_argument.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata/testing.h"

namespace baton {
namespace {

using ::testing::HasSubstr;

TEST(RecordArgument, NamesARunOrOneOfItsGenerations) {
  const auto parse = [](absl::string_view argument) {
    const auto parsed = ParseRecordArgument(argument, "/work");
    EXPECT_THAT(parsed, IsOk());
    return absl::StrCat(parsed->run_dir, " ", parsed->generation);
  };
  EXPECT_EQ(parse("runs/iris"), "/work/runs/iris 0");
  EXPECT_EQ(parse("runs/iris/"), "/work/runs/iris 0");
  EXPECT_EQ(parse("/runs/iris@12"), "/runs/iris 12");
  EXPECT_EQ(parse("runs/iris/@12"), "/work/runs/iris 12");
  EXPECT_EQ(parse("runs/me@home"), "/work/runs/me@home 0");
  EXPECT_EQ(parse("runs/me@home@3"), "/work/runs/me@home 3");
  EXPECT_EQ(parse("runs/iris@12/"), "/work/runs/iris@12 0");
  EXPECT_EQ(parse("runs/iris@"), "/work/runs/iris@ 0");
  for (const char* bad : {"", "@3", "runs/iris@0", "runs/iris@99999999999999999999"}) {
    EXPECT_THAT(ParseRecordArgument(bad, "/work"), StatusIs(absl::StatusCode::kInvalidArgument, testing::_)) << bad;
  }
}

TEST(RecordArgument, ReadsWhatItNames) {
  const std::string run_dir = NewRunDir();
  MakeRecord(run_dir, 3);
  FileSystem& fs = FileSystem::Posix();
  ASSERT_OK_AND_ASSIGN(Metadata record, ReadRecord(fs, {run_dir}));
  EXPECT_EQ(record.generation(), 3);
  ASSERT_OK_AND_ASSIGN(record, ReadRecord(fs, {run_dir, 2}));
  EXPECT_EQ(record.load().raw_file_size(), 2);
  EXPECT_THAT(ReadRecord(fs, {run_dir, 4}), StatusIs(absl::StatusCode::kNotFound, HasSubstr("0000000004.binpb")));
  EXPECT_THAT(ReadRecord(fs, {NewRunDir()}), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no record in")));
  FlipByte(GenerationPath(run_dir, 3), 20);
  ASSERT_OK_AND_ASSIGN(record, ReadRecord(fs, {run_dir}));
  EXPECT_EQ(record.generation(), 2);
  EXPECT_TRUE(std::filesystem::exists(GenerationPath(run_dir, 3)));
  EXPECT_THAT(ReadRecord(fs, {run_dir, 3}), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("was changed")));
}

}  // namespace
}  // namespace baton
