// What is synced when, and what a failed fsync leads to.

#include <cerrno>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/status_macros.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"

namespace baton {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::StartsWith;

absl::Status StageTwoFiles(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(const auto staged, StagedFolder::Create(fs, path));
  for (const char* name : {"a", "b"}) {
    ASSIGN_OR_RETURN(const auto writer, FileWriter::Create(fs, JoinPath(staged->path(), name)));
    RETURN_IF_ERROR(writer->Append("new"));
    RETURN_IF_ERROR(writer->Finish());
  }
  return staged->Commit();
}

class FilesSyncTest : public testing::Test {
 protected:
  // An empty folder.
  void Prepare() {
    ASSERT_THAT(RemoveTree(plain_, folder_), IsOk());
    ASSERT_THAT(MakeFolders(plain_, folder_), IsOk());
  }

  Unsynced plain_;
  const std::string folder_ = JoinPath(testing::TempDir(), "files_sync_test");
  const std::string file_ = JoinPath(folder_, "f");
};

TEST_F(FilesSyncTest, AFailedSyncIsReportedAndNeverTriedAgain) {
  const std::string folder = JoinPath(folder_, "above/folder");
  const std::function<absl::Status(FileSystem&)> works[] = {
      [&](FileSystem& fs) { return ReplaceFile(fs, file_, "new"); },
      [&](FileSystem& fs) { return CreateFileExclusively(fs, file_, "new"); },
      [&](FileSystem& fs) {
        RETURN_IF_ERROR(ReplaceFile(plain_, file_, "old"));
        return SetAside(fs, file_).status();
      },
      [&](FileSystem& fs) { return StageTwoFiles(fs, folder); },
  };
  std::vector<int> faults;
  for (const auto& work : works) {
    faults.push_back(ForEachFault(
        {.operations = {FileOperation::kSync}}, [&] { Prepare(); }, work,
        [&](FaultyFileSystem& fs, const absl::Status& status) {
          if (fs.faults() == 0) {
            EXPECT_THAT(status, IsOk());
            return;
          }
          EXPECT_THAT(status, StatusIs(StatusCode::kUnknown, HasSubstr("cannot sync")));
          bool failed = false;
          for (const FaultyFileSystem::Call& call : fs.calls()) {
            if (call.operation != FileOperation::kSync) continue;
            EXPECT_FALSE(failed) << call.path;
            failed = call.faulty;
          }
        }));
  }
  // File and folder; the folder; two folders above the one made above, two files, the staged folder, the folder above.
  EXPECT_THAT(faults, testing::ElementsAre(2, 2, 1, 6));
}

// What is renamed or linked was fsynced before, and the folder is fsynced after.
TEST_F(FilesSyncTest, SyncsComeInTheRightOrder) {
  Prepare();
  FaultyFileSystem fs;
  ASSERT_THAT(ReplaceFile(fs, file_, "new"), IsOk());
  ASSERT_THAT(CreateFileExclusively(fs, file_ + "2", "new"), IsOk());
  ASSERT_THAT(StageTwoFiles(fs, JoinPath(folder_, "folder")), IsOk());
  std::vector<std::string> events;
  for (const FaultyFileSystem::Call& call : fs.calls()) {
    const bool temporary = testing::Value(BaseName(call.path), StartsWith(".tmp-"));
    const std::string what = call.path == folder_                 ? "parent"
                             : call.path == ParentFolder(folder_) ? "grandparent"
                             : temporary                          ? "temporary"
                                                                  : "file";
    if (call.operation == FileOperation::kWrite) events.push_back("write " + what);
    if (call.operation == FileOperation::kSync) events.push_back("sync " + what);
    if (call.operation == FileOperation::kRename || call.operation == FileOperation::kRenameExclusive ||
        call.operation == FileOperation::kLink) {
      events.push_back("publish " + what);
    }
  }
  EXPECT_THAT(events, testing::ElementsAre("write temporary", "sync temporary", "publish temporary", "sync parent",  //
                                           "write temporary", "sync temporary", "publish temporary", "sync parent",  //
                                           "sync grandparent",                                                       //
                                           "write file", "sync file", "write file", "sync file",                     //
                                           "sync temporary", "publish temporary", "sync parent"));
}

// What of a path a process has made before it died is made durable by the next one, and that from above.
TEST_F(FilesSyncTest, MakeFoldersMakesDurableWhatIsThere) {
  const std::string a = JoinPath(folder_, "a"), b = JoinPath(a, "b");
  const std::vector<std::pair<std::string, std::vector<std::string>>> left_and_synced = {
      {folder_, {ParentFolder(folder_), folder_, a}}, {a, {folder_, a}}, {b, {a}}};
  for (const auto& [left, expected] : left_and_synced) {
    Prepare();
    ASSERT_THAT(MakeFolders(plain_, left), IsOk());
    FaultyFileSystem fs;
    ASSERT_THAT(MakeFolders(fs, b), IsOk());
    std::vector<std::string> synced;
    for (const FaultyFileSystem::Call& call : fs.calls()) {
      if (call.operation == FileOperation::kSync) synced.push_back(call.path);
    }
    EXPECT_EQ(synced, expected) << left;
  }
}

// A folder whose entry could not be made durable is not left behind.
TEST_F(FilesSyncTest, MakeFoldersTakesBackWhatItCouldNotSync) {
  const std::string path = JoinPath(folder_, "a/b");
  const int faults = ForEachFault(
      {.operations = {FileOperation::kSync}}, [&] { Prepare(); }, [&](FileSystem& fs) { return MakeFolders(fs, path); },
      [&](FaultyFileSystem& fs, const absl::Status& status) {
        EXPECT_EQ(status.ok(), fs.faults() == 0);
        EXPECT_EQ(Exists(plain_, path).value(), status.ok());
      });
  EXPECT_EQ(faults, 3);
}

// As on machines where nobody may list what is above the own folder.
TEST_F(FilesSyncTest, MakeFoldersNeedsNoRightToReadAboveWhatIsThere) {
  Prepare();
  FaultyFileSystem fs;
  fs.Inject({.operations = {FileOperation::kOpen}, .error = EACCES});
  EXPECT_THAT(MakeFolders(fs, folder_), IsOk());
  EXPECT_EQ(fs.faults(), 1);
  fs.Inject({.operations = {FileOperation::kOpen}, .at = 2, .error = EACCES});
  EXPECT_THAT(MakeFolders(fs, JoinPath(folder_, "a")), StatusIs(StatusCode::kPermissionDenied, HasSubstr(folder_)));
}

TEST_F(FilesSyncTest, FoldersThatNeedNoSyncAreFine) {
  Prepare();
  FaultyFileSystem fs;
  fs.Inject({.operations = {FileOperation::kSync}, .at = 2, .error = EINVAL});
  EXPECT_THAT(ReplaceFile(fs, file_, "new"), IsOk());
  EXPECT_EQ(fs.faults(), 1);
}

// Notes which ranges are to be brought to the disk early, and refuses each.
class Writeback : public Unsynced {
 public:
  int StartWriteback(int, int64_t offset, int64_t size) override {
    ranges.push_back({offset, size});
    return -EIO;
  }
  std::vector<std::pair<int64_t, int64_t>> ranges;
};

TEST_F(FilesSyncTest, LargeFilesAreOnTheirWayToTheDiskBeforeTheyAreWhole) {
  Prepare();
  Writeback fs;
  const std::string piece(5 << 20, 'x');
  ASSERT_OK_AND_ASSIGN(const auto writer, FileWriter::Create(fs, file_));
  for (int i = 0; i < 5; ++i) ASSERT_THAT(writer->Append(piece), IsOk());
  EXPECT_THAT(writer->Finish(), IsOk()) << "what it answers is no error";
  EXPECT_THAT(fs.ranges, testing::ElementsAre(testing::Pair(0, 10 << 20), testing::Pair(10 << 20, 10 << 20)))
      << "each byte once, in order; what is left is for the sync";
}

}  // namespace
}  // namespace baton
