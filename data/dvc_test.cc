#include "data/dvc.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// What `dvc add foo` of DVC 3 writes for a file with the content "foo".
constexpr char kFooDvc[] = R"(outs:
- md5: acbd18db4cc2f85cedef654fccc4a4d8
  size: 3
  hash: md5
  path: foo
)";

TEST(DvcTest, ParsesWhatDvcWrites) {
  ASSERT_OK_AND_ASSIGN(const DvcFile dvc, ParseDvcFile(kFooDvc, "d/foo.dvc", "foo"));
  EXPECT_EQ(dvc.md5, "acbd18db4cc2f85cedef654fccc4a4d8");
  EXPECT_EQ(dvc.size, 3);
  EXPECT_EQ(dvc.hash, "md5");
  EXPECT_EQ(dvc.path, "foo");
  EXPECT_EQ(dvc.nfiles, std::nullopt);
  EXPECT_EQ(dvc.remote, std::nullopt);
  EXPECT_EQ(dvc.desc, std::nullopt);
  EXPECT_EQ(dvc.text, kFooDvc);
}

TEST(DvcTest, ParsesOptionalAndUnknownKeysAndPicksTheRightOut) {
  const std::string text = R"(# by hand
outs:
- {md5: 00, path: other}
- md5: aa
  path: "foo"
  remote: store
  desc: 'the data: raw'
  nfiles: 2
  size:
  cache: false
  meta: {owner: me}
frozen: true
)";
  ASSERT_OK_AND_ASSIGN(const DvcFile dvc, ParseDvcFile(text, "foo.dvc", "foo"));
  EXPECT_EQ(dvc.md5, "aa");
  EXPECT_EQ(dvc.remote, "store");
  EXPECT_EQ(dvc.desc, "the data: raw");
  EXPECT_EQ(dvc.nfiles, 2);
  EXPECT_EQ(dvc.size, std::nullopt);
  EXPECT_EQ(dvc.hash, std::nullopt);
  EXPECT_EQ(dvc.text, text);
}

TEST(DvcTest, RefusesWhatIsNoDvcFileWithItsLine) {
  const auto parse = [](absl::string_view text) { return ParseDvcFile(text, "d/foo.dvc", "foo").status(); };
  const auto refused = [](const std::string& start, const std::string& part) {
    return StatusIs(absl::StatusCode::kDataLoss, AllOf(StartsWith(start), HasSubstr(part)));
  };
  EXPECT_THAT(parse("outs:\n- md5: aa\n  size: [\n"), refused("d/foo.dvc:4: ", ""));
  EXPECT_THAT(parse("outs:\n- md5: aa\n  size: many\n  path: foo\n"), refused("d/foo.dvc:3: ", "bad conversion"));
  EXPECT_THAT(parse("outs:\n- md5: [1]\n  path: foo\n"), refused("d/foo.dvc:2: ", "bad conversion"));
  EXPECT_THAT(parse(""), refused("d/foo.dvc", "expected a list \"outs\""));
  EXPECT_THAT(parse("- outs\n"), refused("d/foo.dvc:1: ", "expected a list \"outs\""));
  EXPECT_THAT(parse("outs: []\n"), refused("d/foo.dvc:1: ", "expected a list \"outs\""));
  EXPECT_THAT(parse("\n\nouts:\n- foo\n"), refused("d/foo.dvc:4: ", "no map"));
  EXPECT_THAT(parse("outs:\n- path: bar\n- path: baz\n"),
              refused("d/foo.dvc:2: ", "tracks \"bar\", \"baz\", expected \"foo\""));
  EXPECT_THAT(parse("outs:\n- desc: \xff\n"), refused("d/foo.dvc: ", "UTF-8"));
}

// MD5s by Python's hashlib.
TEST(DvcTest, ChecksSizeAndMd5) {
  ASSERT_OK_AND_ASSIGN(DvcFile dvc, ParseDvcFile(kFooDvc, "foo.dvc", "foo"));
  EXPECT_THAT(CheckDvc(dvc, "foo", "d/foo"), IsOk());
  EXPECT_THAT(CheckDvc(dvc, "fox", "d/foo"),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr("d/foo is not what d/foo.dvc tracks"),
                             HasSubstr("expected acbd18db4cc2f85cedef654fccc4a4d8"), HasSubstr("dvc checkout"),
                             HasSubstr("dvc add"), HasSubstr("remove the .dvc file"))));
  EXPECT_THAT(CheckDvc(dvc, "fooo", "d/foo"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("found size 4, expected 3")));
  dvc.size.reset();
  EXPECT_THAT(CheckDvc(dvc, "fooo", "d/foo"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("MD5")));
}

TEST(DvcTest, OnlyALegacyFileFoldsLineEnds) {
  DvcFile dvc;
  dvc.md5 = "e5ebd4c02cefbe7955977c67ada242b7";  // of "a,b\n1,2\n"
  EXPECT_THAT(CheckDvc(dvc, "a,b\r\n1,2\r\n", "d/foo"), IsOk());
  EXPECT_THAT(CheckDvc(dvc, "a,b\n1,2\n", "d/foo"), IsOk());
  dvc.hash = "md5";
  EXPECT_THAT(CheckDvc(dvc, "a,b\r\n1,2\r\n", "d/foo"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("MD5")));
  dvc.md5 = "b202f333fba4fd38d4b8e5e693077aab";  // of "a,b\r\n1,2\r\n"
  EXPECT_THAT(CheckDvc(dvc, "a,b\r\n1,2\r\n", "d/foo"), IsOk());
}

TEST(DvcTest, WithoutAnMd5OnlyTheSizeIsChecked) {
  DvcFile dvc;
  dvc.size = 3;
  EXPECT_THAT(CheckDvc(dvc, "foo", "d/foo"), IsOk());
  EXPECT_THAT(CheckDvc(dvc, "fo", "d/foo"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("size")));
  dvc.md5 = "an etag";
  dvc.hash = "etag";
  EXPECT_THAT(CheckDvc(dvc, "foo", "d/foo"), IsOk());
}

// DVC folds each MiB by itself, so that a CRLF across the border stays; and what looks binary stays as it is. Expected
// values by Python's hashlib.
TEST(DvcTest, TheLegacyMd5IsThatOfDvc) {
  EXPECT_EQ(LegacyDvcMd5("foo"), "acbd18db4cc2f85cedef654fccc4a4d8");
  const std::string across = absl::StrCat(std::string((1 << 20) - 1, 'x'), "\r\ny\r\n");
  EXPECT_EQ(LegacyDvcMd5(across), "e1825541a28894307881fc219afcc49f");
  EXPECT_EQ(LegacyDvcMd5(absl::string_view("\0\r\n", 3)), "692c8022360661692872fdc730517229");
  EXPECT_EQ(LegacyDvcMd5("\xc8\xc8\xc8"
                         "abcdefg\r\n"),
            "8cc94595add583e2908aacc0cd36f5b4");
}

TEST(DvcTest, TheFileBesideTheRawFileIsRead) {
  FileSystem& fs = FileSystem::Posix();
  const std::string raw = JoinPath(testing::TempDir(), "foo");
  ASSERT_OK_AND_ASSIGN(std::optional<DvcFile> dvc, ReadDvcFile(fs, raw));
  EXPECT_FALSE(dvc.has_value());
  ASSERT_THAT(ReplaceFile(fs, absl::StrCat(raw, ".dvc"), kFooDvc), IsOk());
  ASSERT_OK_AND_ASSIGN(dvc, ReadDvcFile(fs, raw));
  ASSERT_TRUE(dvc.has_value());
  EXPECT_EQ(dvc->size, 3);
}

}  // namespace
}  // namespace baton
