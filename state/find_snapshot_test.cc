#include "state/find_snapshot.h"

#include "state/inspect_fixture.h"

namespace baton {
namespace {

using absl::StatusCode;
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

TEST_F(FindSnapshotTest, FindsTheOneThatIsMeant) {
  const std::string first = Save("aaaa", TestState(8), 3000);
  const std::string second = Save("aaaa", TestState(16), 1000);
  const std::string other = Save("bbbb", TestState(4), 2000);
  EXPECT_EQ(FindSnapshot(fs_, first).value(), first);
  EXPECT_EQ(FindSnapshot(fs_, JoinPath(run_dir_, "train/aaaa")).value(), second) << "the highest step";
  EXPECT_EQ(FindSnapshot(fs_, run_dir_).value(), other) << "the key whose highest step was written last";
  EXPECT_THAT(FindSnapshot(fs_, JoinPath(run_dir_, "none")),
              StatusIs(StatusCode::kNotFound, HasSubstr("no snapshot in")));
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
