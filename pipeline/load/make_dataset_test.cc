#include "pipeline/load/make_dataset.h"

#include <fstream>
#include <iterator>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The blocks between ``` of docs/dataset.md.
std::vector<std::string> Blocks() {
  std::ifstream file("docs/dataset.md");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::vector<std::string> parts = absl::StrSplit(text, "```\n");
  std::vector<std::string> blocks;
  for (size_t i = 1; i < parts.size(); i += 2) blocks.push_back(parts[i]);
  return blocks;
}

// The block that begins so.
std::string Block(absl::string_view beginning) {
  for (const std::string& block : Blocks()) {
    if (absl::StartsWith(block, beginning)) return block;
  }
  ADD_FAILURE() << "docs/dataset.md has no block that begins with " << beginning;
  return "";
}

// What xxd -r makes of a dump.
std::string Undump(absl::string_view dump) {
  std::string hex;
  for (absl::string_view line : absl::StrSplit(dump, '\n', absl::SkipEmpty()))
    absl::StrAppend(&hex, line.substr(10, 39));
  return absl::HexStringToBytes(absl::StrReplaceAll(hex, {{" ", ""}}));
}

class MakeDatasetTest : public testing::Test {
 protected:
  MakeDatasetTest()
      : folder_(JoinPath(testing::TempDir(), testing::UnitTest::GetInstance()->current_test_info()->name())),
        digests_(fs_, JoinPath(folder_, "digests.binpb")) {
    EXPECT_THAT(MakeFolders(fs_, folder_), IsOk());
    config_.set_seed(3);
    LoadConfig& load = *config_.mutable_load();
    load.mutable_table()->set_target_column("sport");
    load.mutable_table()->set_task(TableConfig::CLASSIFICATION);
    load.mutable_split()->set_validation_fraction(0.25);
    load.mutable_split()->set_holdout_fraction(0.25);
  }

  absl::StatusOr<MadeDataset> Make(absl::string_view csv, const std::string& name,
                                   const absl::Status& before_commit = absl::OkStatus()) {
    const RawFile raw = {JoinPath(folder_, "sport.csv"), LoadConfig::CSV, {csv.size(), Sha256Hex(csv)}};
    EXPECT_THAT(ReplaceFile(fs_, raw.path, csv), IsOk());
    return MakeDataset(fs_, config_, raw, JoinPath(folder_, name), digests_, [&] { return before_commit; });
  }
  std::string Read(const std::string& path) { return *ReadFile(fs_, JoinPath(folder_, path)); }
  std::vector<HostTensor> Train(const std::string& name, const Dataset& index) {
    return *ReadSplit(fs_, JoinPath(folder_, name), index, kTrainSplit);
  }

  FileSystem& fs_ = FileSystem::Posix();
  const std::string folder_;
  DigestCache digests_;
  PipelineConfig config_;
};

TEST_F(MakeDatasetTest, MakesTheWorkedExample) {
  ASSERT_OK_AND_ASSIGN(const MadeDataset dataset, Make(Block("height,weight,sport\n"), "example"));
  EXPECT_EQ(Read("example/holdout.safetensors"), Undump(Block("00000000: b800")));
  EXPECT_EQ(Read("example/dataset.binpb"), Undump(Block("00000000: 0801")));
  EXPECT_EQ(Read("example/vocabulary.json"), "[\"no\",\"yes\"]\n");
  EXPECT_THAT(dataset.vocabulary.labels(), ElementsAre("no", "yes"));
  EXPECT_THAT(Block("$ head"), HasSubstr(dataset.index.sha256()));
}

// Another order of the rows, other spellings of the numbers, other line ends: the same bits, but for "row".
TEST_F(MakeDatasetTest, OrderAndFormattingOfTheRawFilePlayNoPart) {
  const std::string csv = Block("height,weight,sport\n");
  std::vector<std::string> lines = absl::StrSplit(csv, '\n', absl::SkipEmpty());
  std::string other = absl::StrCat("\xef\xbb\xbf", lines[0], "\r\n");
  for (size_t i = lines.size() - 1; i > 0; --i) {
    absl::StrAppend(&other, absl::StrReplaceAll(lines[i], {{",no", ".00,\"no\""}, {"210", " 2.1e2 "}}), "\r\n");
  }
  ASSERT_OK_AND_ASSIGN(const MadeDataset first, Make(csv, "first"));
  ASSERT_OK_AND_ASSIGN(const MadeDataset second, Make(other, "second"));
  const std::vector<HostTensor> a = Train("first", first.index);
  const std::vector<HostTensor> b = Train("second", second.index);
  ASSERT_EQ(a[0].name, "features");
  EXPECT_EQ(a[0].bytes, b[0].bytes);
  ASSERT_EQ(a[1].name, "target");
  EXPECT_EQ(a[1].bytes, b[1].bytes);
  ASSERT_EQ(a[2].name, "row");
  EXPECT_NE(a[2].bytes, b[2].bytes);
}

TEST_F(MakeDatasetTest, ARefusalBeforeTheCommitLeavesNothing) {
  EXPECT_THAT(Make(Block("height,weight,sport\n"), "made/refused", absl::UnavailableError("another took over")),
              StatusIs(absl::StatusCode::kUnavailable, "another took over"));
  EXPECT_THAT(*ListFolder(fs_, JoinPath(folder_, "made")), IsEmpty());
}

TEST_F(MakeDatasetTest, RemovesWhatAKilledProcessLeft) {
  ASSERT_THAT(MakeFolders(fs_, JoinPath(folder_, "made/.tmp-left")), IsOk());
  ASSERT_OK_AND_ASSIGN(const MadeDataset dataset, Make(Block("height,weight,sport\n"), "made/one"));
  EXPECT_THAT(*ListFolder(fs_, JoinPath(folder_, "made")), ElementsAre("one"));
}

}  // namespace
}  // namespace baton
