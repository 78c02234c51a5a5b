// Every call of every function that writes is made to fail, in every way, and each time either the old or the new state
// must stand.

#include <cstdlib>
#include <tuple>

#include "base/files.h"
#include "base/status_macros.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"

namespace baton {
namespace {

using absl::StatusCode;
using testing::_;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;
using Effect = Fault::Effect;

constexpr char kOld[] = "the old content";
constexpr char kNew[] = "the new content, which is longer";

class FilesFaultTest : public testing::Test {
 protected:
  // An empty folder.
  void Prepare() {
    ASSERT_THAT(RemoveTree(plain_, folder_), IsOk());
    ASSERT_THAT(MakeFolders(plain_, folder_), IsOk());
  }
  void PrepareWithOld() {
    Prepare();
    ASSERT_THAT(ReplaceFile(plain_, file_, kOld), IsOk());
  }

  // No temporary entry is left, unless the call that failed was the one to remove it, or made it and said it did not.
  void ExpectNoTemporaries(const FaultyFileSystem& fs) {
    for (const FaultyFileSystem::Call& call : fs.calls()) {
      const bool made = call.operation == FileOperation::kOpen && testing::Value(call.path, HasSubstr("/.tmp-"));
      if (call.faulty && (made || call.operation == FileOperation::kUnlink)) return;
    }
    EXPECT_THAT(ListFolder(plain_, folder_).value(), testing::Each(Not(StartsWith(".tmp-"))));
  }

  std::string Content() {
    const auto content = ReadFile(plain_, file_);
    return content.ok() ? *content : content.status().code() == StatusCode::kNotFound ? "none" : "unreadable";
  }

  Unsynced plain_;
  const std::string folder_ = JoinPath(testing::TempDir(), "files_fault_test");
  const std::string file_ = JoinPath(folder_, "f");
};

// errno, effect, and whether all later calls fail too, those that tidy up included.
class EveryCall : public FilesFaultTest, public testing::WithParamInterface<std::tuple<int, Effect, bool>> {
 protected:
  Fault TheFault() const {
    const auto& [error, effect, sticky] = GetParam();
    return {.sticky = sticky, .error = error, .effect = effect};
  }
  bool sticky() const { return std::get<bool>(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Faults, EveryCall,
                         testing::Combine(testing::Values(EIO, ENOSPC),
                                          testing::Values(Effect::kRefused, Effect::kReported, Effect::kTorn),
                                          testing::Bool()));

TEST_P(EveryCall, ReplaceFileLeavesOldOrNew) {
  const int faults = ForEachFault(
      TheFault(), [&] { PrepareWithOld(); }, [&](FileSystem& fs) { return ReplaceFile(fs, file_, kNew); },
      [&](FaultyFileSystem& fs, const absl::Status& status) {
        EXPECT_THAT(Content(), AnyOf(kOld, kNew));
        if (status.ok()) {
          EXPECT_EQ(Content(), kNew);
        }
        if (!sticky()) ExpectNoTemporaries(fs);
      });
  // open, write, sync, close; rename; open, sync, close of the folder.
  EXPECT_EQ(faults, 8);
}

TEST_P(EveryCall, CreateFileExclusivelyLeavesNoneOrNew) {
  const int faults = ForEachFault(
      TheFault(), [&] { Prepare(); }, [&](FileSystem& fs) { return CreateFileExclusively(fs, file_, kNew); },
      [&](FaultyFileSystem& fs, const absl::Status& status) {
        EXPECT_THAT(Content(), AnyOf("none", kNew));
        if (status.ok()) {
          EXPECT_EQ(Content(), kNew);
        }
        if (!sticky()) ExpectNoTemporaries(fs);
      });
  EXPECT_EQ(faults, 9);
}

TEST_P(EveryCall, CreateFileExclusivelyNeverChangesWhatIsThere) {
  ForEachFault(
      TheFault(), [&] { PrepareWithOld(); }, [&](FileSystem& fs) { return CreateFileExclusively(fs, file_, kNew); },
      [&](FaultyFileSystem& fs, const absl::Status& status) {
        EXPECT_FALSE(status.ok());
        EXPECT_EQ(Content(), kOld);
        if (!sticky()) ExpectNoTemporaries(fs);
      });
}

TEST_P(EveryCall, SetAsideKeepsTheContentUnderOneName) {
  ForEachFault(
      TheFault(), [&] { PrepareWithOld(); }, [&](FileSystem& fs) { return SetAside(fs, file_).status(); },
      [&](FaultyFileSystem&, const absl::Status& status) {
        const auto names = ListFolder(plain_, folder_).value();
        ASSERT_EQ(names.size(), 1);
        if (status.ok()) {
          EXPECT_EQ(names[0], "f.damaged");
        }
        EXPECT_EQ(ReadFile(plain_, JoinPath(folder_, names[0])).value(), kOld);
      });
}

absl::Status StageTwoFiles(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(const auto staged, StagedFolder::Create(fs, path));
  for (const char* name : {"a", "b"}) {
    ASSIGN_OR_RETURN(const auto writer, FileWriter::Create(fs, JoinPath(staged->path(), name)));
    RETURN_IF_ERROR(writer->Append(kNew));
    RETURN_IF_ERROR(writer->Finish());
  }
  return staged->Commit();
}

TEST_P(EveryCall, StagedFolderAppearsWholeOrNotAtAll) {
  const std::string path = JoinPath(folder_, "above/folder");
  const int faults = ForEachFault(
      TheFault(), [&] { Prepare(); }, [&](FileSystem& fs) { return StageTwoFiles(fs, path); },
      [&](FaultyFileSystem&, const absl::Status& status) {
        const bool there = Exists(plain_, path).value();
        if (status.ok()) {
          EXPECT_TRUE(there);
        }
        if (!there) return;
        EXPECT_THAT(ListFolder(plain_, path).value(), testing::ElementsAre("a", "b"));
        EXPECT_EQ(ReadFile(plain_, JoinPath(path, "a")).value(), kNew);
        EXPECT_EQ(ReadFile(plain_, JoinPath(path, "b")).value(), kNew);
        // What the fault kept from being removed, the next holder of the lock removes.
        EXPECT_THAT(StagedFolder::RemoveStale(plain_, ParentFolder(path)), IsOk());
        EXPECT_THAT(ListFolder(plain_, ParentFolder(path)).value(), testing::ElementsAre("folder"));
      });
  EXPECT_GE(faults, 20);
}

TEST_F(FilesFaultTest, ShortWritesAndInterruptionsAreGoneOnWith) {
  for (const Fault& fault : {Fault{.operations = {FileOperation::kWrite}, .sticky = true, .effect = Effect::kShort},
                             Fault{.operations = {FileOperation::kReadAt}, .sticky = true, .effect = Effect::kShort},
                             Fault{.operations = {FileOperation::kOpen}, .error = EINTR},
                             Fault{.operations = {FileOperation::kWrite}, .error = EINTR},
                             Fault{.operations = {FileOperation::kReadAt}, .error = EINTR},
                             Fault{.operations = {FileOperation::kSync}, .error = EINTR},
                             Fault{.operations = {FileOperation::kClose}, .error = EINTR}}) {
    PrepareWithOld();
    FaultyFileSystem fs;
    fs.Inject(fault);
    ASSERT_THAT(ReplaceFile(fs, file_, kNew), IsOk());
    ASSERT_OK_AND_ASSIGN(const std::string read, ReadFile(fs, file_));
    EXPECT_EQ(read, kNew);
    EXPECT_GE(fs.faults(), 1);
  }
}

TEST_F(FilesFaultTest, AWriteThatMakesNoProgressIsAnError) {
  PrepareWithOld();
  FaultyFileSystem fs;
  fs.Inject({.operations = {FileOperation::kWrite}, .sticky = true, .error = 0});
  EXPECT_THAT(ReplaceFile(fs, file_, kNew), StatusIs(StatusCode::kUnknown, HasSubstr("cannot write")));
  EXPECT_EQ(Content(), kOld);
}

TEST_F(FilesFaultTest, AFullDiskIsToldAsSuch) {
  PrepareWithOld();
  FaultyFileSystem fs;
  fs.Inject({.operations = {FileOperation::kWrite}, .error = ENOSPC, .effect = Effect::kTorn});
  EXPECT_THAT(ReplaceFile(fs, file_, kNew),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("No space left on device")));
}

// The kernel marks the pages of a failed fsync clean: a second one would succeed without having written them.

}  // namespace
}  // namespace baton
