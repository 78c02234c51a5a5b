#include "state/find_snapshot.h"

#include "state/inspect_fixture.h"

namespace baton {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class FindSnapshotTest : public InspectSnapshotsTest {
 protected:
  std::vector<std::string> Paths(const std::string& path) {
    std::vector<std::string> paths;
    const std::vector<SnapshotFolder> folders = FindSnapshots(fs_, path).value();
    for (const SnapshotFolder& folder : folders) paths.push_back(folder.path);
    return paths;
  }
};

TrainKeyOf Names(std::optional<std::string> key) {
  return [key = std::move(key)](FileSystem&, const std::string&) { return key; };
}

TEST_F(FindSnapshotTest, FindsTheOneThatIsMeant) {
  const std::string first = Save("aaaa", TestState(8));
  const std::string second = Save("aaaa", TestState(16));
  EXPECT_EQ(FindSnapshot(fs_, first).value(), first);
  EXPECT_EQ(FindSnapshot(fs_, JoinPath(run_dir_, "train/aaaa")).value(), second) << "the highest step";
  EXPECT_EQ(FindSnapshot(fs_, run_dir_).value(), second) << "of the only key";
  Save("aaaa.superseded-1", TestState(32));
  EXPECT_EQ(FindSnapshot(fs_, run_dir_, Names(std::nullopt)).value(), second) << "what was begun over does not count";
  EXPECT_THAT(FindSnapshot(fs_, JoinPath(run_dir_, "none")),
              StatusIs(StatusCode::kNotFound, HasSubstr("no snapshot in")));
}

// Not the times of files, which copies and some file systems fake.
TEST_F(FindSnapshotTest, OfSeveralKeysTheRecordsDecides) {
  const std::string a = Save("aaaa", TestState(8), /*second=*/3000);
  const std::string b = Save("bbbb", TestState(4), /*second=*/1000);
  EXPECT_EQ(FindSnapshot(fs_, run_dir_, Names("aaaa")).value(), a);
  EXPECT_EQ(FindSnapshot(fs_, run_dir_, Names("bbbb")).value(), b);
  EXPECT_EQ(FindSnapshot(fs_, a, Names("bbbb")).value(), a) << "it is named itself";
  for (const TrainKeyOf& nothing_known : {TrainKeyOf(nullptr), Names(std::nullopt)}) {
    EXPECT_THAT(FindSnapshot(fs_, run_dir_, nothing_known),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("KEY is one of: aaaa, bbbb")));
  }
  EXPECT_THAT(FindSnapshot(fs_, run_dir_, Names("cccc")),
              StatusIs(StatusCode::kNotFound, AllOf(HasSubstr("cccc"), HasSubstr("aaaa, bbbb"))));
  const TrainKeyOf damaged = [](FileSystem&, const std::string&) { return absl::DataLossError("the record"); };
  EXPECT_THAT(FindSnapshot(fs_, run_dir_, damaged), StatusIs(StatusCode::kDataLoss, "the record"));
}

TEST_F(FindSnapshotTest, WhatIsRemovedMeanwhileIsLookedForAgain) {
  const std::string first = Save("aaaa", TestState(8));
  std::vector<std::string> used;
  const absl::Status status = UseSnapshot(fs_, run_dir_, nullptr, [&](const std::string& snapshot) {
    used.push_back(snapshot);
    if (used.size() > 1) return absl::OkStatus();
    Save("aaaa", TestState(16));
    EXPECT_THAT(RemoveTree(fs_, first), IsOk());
    return LoadSnapshot(fs_, snapshot, at::kCPU).status();
  });
  EXPECT_THAT(status, IsOk());
  EXPECT_THAT(used, ElementsAre(first, JoinPath(run_dir_, "train/aaaa/step-000000000016")));
  // One that is there, and damaged, is an error, and one that was named itself is not replaced by another.
  const auto fail = [](const std::string&) { return absl::DataLossError("damaged"); };
  EXPECT_THAT(UseSnapshot(fs_, run_dir_, nullptr, fail), StatusIs(StatusCode::kDataLoss, "damaged"));
  const auto remove = [&](const std::string& snapshot) {
    EXPECT_THAT(RemoveTree(fs_, snapshot), IsOk());
    return absl::NotFoundError("gone");
  };
  EXPECT_THAT(UseSnapshot(fs_, used[1], nullptr, remove), StatusIs(StatusCode::kNotFound, HasSubstr("no snapshot in")));
}

TEST_F(FindSnapshotTest, FindsAll) {
  const std::string a8 = Save("aaaa", TestState(8));
  const std::string a16 = Save("aaaa", TestState(16));
  const std::string b4 = Save("bbbb.superseded-1", TestState(4));
  ASSERT_OK_AND_ASSIGN(const std::string aside, SetAside(fs_, a8));
  ASSERT_THAT(MakeFolders(fs_, JoinPath(run_dir_, "train/aaaa/.tmp-1-step-000000000020")), IsOk());
  ASSERT_THAT(MakeFolders(fs_, JoinPath(run_dir_, "train/aaaa/step-12.old")), IsOk());
  EXPECT_THAT(Paths(run_dir_), ElementsAre(aside, a16, b4));
  EXPECT_THAT(Paths(JoinPath(run_dir_, "train/aaaa")), ElementsAre(aside, a16));
  EXPECT_THAT(Paths(a16), ElementsAre(a16));
  const SnapshotFolder folder = FindSnapshots(fs_, aside).value().at(0);
  EXPECT_EQ(folder.step, 8);
  EXPECT_TRUE(folder.set_aside);
  EXPECT_THAT(FindSnapshots(fs_, JoinPath(run_dir_, "none")), StatusIs(StatusCode::kNotFound, testing::_));
}

TEST_F(FindSnapshotTest, ByItsNameOneWithoutAnIndexIsASnapshotToo) {
  const std::string path = Save("aaaa", TestState(8));
  ASSERT_THAT(RemoveTree(fs_, JoinPath(path, "state.binpb")), IsOk());
  EXPECT_THAT(Paths(path), ElementsAre(path));
}

TEST_F(FindSnapshotTest, OneOfAnotherNameIsFound) {
  const std::string path = JoinPath(run_dir_, "exported");
  ASSERT_THAT(SaveSnapshot(fs_, TestState(8), path), IsOk());
  EXPECT_THAT(Paths(path), ElementsAre(path));
  EXPECT_GT(FolderSize(fs_, path).value(), FileSize(fs_, JoinPath(path, "model.safetensors")).value());
}

}  // namespace
}  // namespace baton
