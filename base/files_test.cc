#include "base/files.h"

#include <unistd.h>

#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "base/testing/temporary_folder.h"

namespace baton {
namespace {

using absl::StatusCode;
using testing::_;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A new, empty folder for each test.
class FilesTest : public testing::Test {
 protected:
  std::string Path(absl::string_view name) const { return JoinPath(folder_, name); }
  std::vector<std::string> Names() { return ListFolder(fs_, folder_).value(); }

  FileSystem& fs_ = FileSystem::Posix();
  const TemporaryFolder temporary_folder_;
  const std::string folder_ = temporary_folder_.path();
};

TEST_F(FilesTest, ReplaceFileMakesAndReplaces) {
  ASSERT_THAT(ReplaceFile(fs_, Path("f"), "one"), IsOk());
  ASSERT_THAT(ReplaceFile(fs_, Path("f"), std::string("tw\0o", 4)), IsOk());
  EXPECT_EQ(*ReadFile(fs_, Path("f")), std::string("tw\0o", 4));
  EXPECT_EQ(*FileSize(fs_, Path("f")), 4);
  ASSERT_THAT(ReplaceFile(fs_, Path("f"), ""), IsOk());
  EXPECT_EQ(*ReadFile(fs_, Path("f")), "");
  EXPECT_THAT(Names(), ElementsAre("f"));
}

TEST_F(FilesTest, NamesMayBeLongAndPathsRelative) {
  const std::string name(255, 'n');
  ASSERT_THAT(ReplaceFile(fs_, Path(name), "x"), IsOk());
  ASSERT_EQ(chdir(folder_.c_str()), 0);
  ASSERT_THAT(ReplaceFile(fs_, name, "y"), IsOk());
  EXPECT_EQ(*ReadFile(fs_, Path(name)), "y");
  ASSERT_THAT(MakeFolders(fs_, "a/b"), IsOk());
  EXPECT_TRUE(*Exists(fs_, Path("a/b")));
}

TEST_F(FilesTest, CreateFileExclusivelyMakesButDoesNotReplace) {
  ASSERT_THAT(CreateFileExclusively(fs_, Path("f"), "one"), IsOk());
  EXPECT_THAT(CreateFileExclusively(fs_, Path("f"), "two"), StatusIs(StatusCode::kAlreadyExists, HasSubstr(Path("f"))));
  EXPECT_EQ(*ReadFile(fs_, Path("f")), "one");
  EXPECT_THAT(Names(), ElementsAre("f"));
}

TEST_F(FilesTest, CreateFileExclusivelyWithoutLinks) {
  for (const int error : {EPERM, EOPNOTSUPP, EMLINK}) {
    FaultyFileSystem fs;
    fs.Inject({.operations = {FileOperation::kLink}, .sticky = true, .error = error});
    const std::string path = Path(std::to_string(error));
    ASSERT_THAT(CreateFileExclusively(fs, path, "one"), IsOk());
    EXPECT_THAT(CreateFileExclusively(fs, path, "two"), StatusIs(StatusCode::kAlreadyExists, _));
    EXPECT_EQ(*ReadFile(fs_, path), "one");
  }
  EXPECT_EQ(Names().size(), 3);
}

// NFS: the link was made, the reply was lost, the repeated request finds it there.
TEST_F(FilesTest, CreateFileExclusivelyKnowsItsOwnLink) {
  FaultyFileSystem fs;
  fs.Inject({.operations = {FileOperation::kLink}, .error = EEXIST, .effect = Fault::Effect::kReported});
  EXPECT_THAT(CreateFileExclusively(fs, Path("f"), "one"), IsOk());
  EXPECT_EQ(fs.faults(), 1);
  EXPECT_THAT(Names(), ElementsAre("f"));
}

// Another process in another container may have the same pid.
TEST_F(FilesTest, TemporaryFilesOfOthersAreLeftAlone) {
  FaultyFileSystem fs;
  fs.Inject({.operations = {FileOperation::kOpen}, .path = ".tmp-", .error = EEXIST});
  EXPECT_THAT(ReplaceFile(fs, Path("f"), "one"), IsOk());
  EXPECT_EQ(fs.faults(), 1);
  for (const FaultyFileSystem::Call& call : fs.calls()) EXPECT_NE(call.operation, FileOperation::kUnlink);
}

TEST_F(FilesTest, ReadingErrorsNameTheFile) {
  EXPECT_THAT(ReadFile(fs_, Path("f")), StatusIs(StatusCode::kNotFound, HasSubstr(Path("f"))));
  EXPECT_THAT(ReadFile(fs_, folder_), StatusIs(StatusCode::kInvalidArgument, HasSubstr("Is a directory")));
  EXPECT_THAT(FileSize(fs_, Path("f")), StatusIs(StatusCode::kNotFound, HasSubstr(Path("f"))));
  EXPECT_THAT(ListFolder(fs_, Path("f")), StatusIs(StatusCode::kNotFound, HasSubstr(Path("f"))));
}

TEST_F(FilesTest, ExistsTellsMissingFromUnknown) {
  ASSERT_THAT(ReplaceFile(fs_, Path("f"), ""), IsOk());
  EXPECT_TRUE(*Exists(fs_, Path("f")));
  EXPECT_FALSE(*Exists(fs_, Path("g")));
  EXPECT_FALSE(*Exists(fs_, Path("f/g")));
  FaultyFileSystem fs;
  fs.Inject({.operations = {FileOperation::kStat}, .error = EACCES});
  EXPECT_THAT(Exists(fs, Path("f")), StatusIs(StatusCode::kPermissionDenied, _));
}

TEST_F(FilesTest, ListFolderSorts) {
  for (const char* name : {"b", "a", "c"}) ASSERT_THAT(ReplaceFile(fs_, Path(name), ""), IsOk());
  EXPECT_THAT(Names(), ElementsAre("a", "b", "c"));
}

TEST_F(FilesTest, MakeFoldersMakesWhatIsMissing) {
  ASSERT_THAT(MakeFolders(fs_, Path("a/b/c")), IsOk());
  ASSERT_THAT(MakeFolders(fs_, Path("a/b/c/")), IsOk());
  EXPECT_THAT(ListFolder(fs_, Path("a/b")).value(), ElementsAre("c"));
  ASSERT_THAT(ReplaceFile(fs_, Path("f"), ""), IsOk());
  EXPECT_THAT(MakeFolders(fs_, Path("f")), StatusIs(StatusCode::kAlreadyExists, HasSubstr(Path("f"))));
  EXPECT_THAT(MakeFolders(fs_, Path("f/g")), StatusIs(StatusCode::kNotFound, HasSubstr(Path("f/g"))));
}

TEST_F(FilesTest, RemoveTreeRemovesAllButNotWhatLinksPointTo) {
  ASSERT_THAT(MakeFolders(fs_, Path("a/b")), IsOk());
  ASSERT_THAT(ReplaceFile(fs_, Path("a/b/f"), "x"), IsOk());
  ASSERT_THAT(ReplaceFile(fs_, Path("kept"), "x"), IsOk());
  ASSERT_EQ(symlink(folder_.c_str(), Path("a/link").c_str()), 0);
  ASSERT_THAT(RemoveTree(fs_, Path("a")), IsOk());
  EXPECT_THAT(Names(), ElementsAre("kept"));
  EXPECT_THAT(RemoveTree(fs_, Path("a")), IsOk());
}

TEST_F(FilesTest, SetAsideFindsAFreeName) {
  for (const char* expected : {"f.damaged", "f.damaged-2", "f.damaged-3"}) {
    ASSERT_THAT(ReplaceFile(fs_, Path("f"), expected), IsOk());
    EXPECT_EQ(SetAside(fs_, Path("f")).value(), Path(expected));
    EXPECT_EQ(*ReadFile(fs_, Path(expected)), expected);
  }
  EXPECT_THAT(SetAside(fs_, Path("f")), StatusIs(StatusCode::kNotFound, HasSubstr(Path("f"))));
  ASSERT_THAT(MakeFolders(fs_, Path("f/g")), IsOk());
  EXPECT_EQ(SetAside(fs_, Path("f")).value(), Path("f.damaged-4"));
  EXPECT_TRUE(*Exists(fs_, Path("f.damaged-4/g")));
}

TEST_F(FilesTest, SetAsideAndCommitWithoutExclusiveRename) {
  FaultyFileSystem fs;
  fs.Inject({.operations = {FileOperation::kRenameExclusive}, .sticky = true, .error = EINVAL});
  ASSERT_THAT(ReplaceFile(fs, Path("f"), "1"), IsOk());
  ASSERT_THAT(ReplaceFile(fs, Path("f.damaged"), "0"), IsOk());
  EXPECT_EQ(SetAside(fs, Path("f")).value(), Path("f.damaged-2"));
  EXPECT_EQ(*ReadFile(fs, Path("f.damaged")), "0");
  ASSERT_OK_AND_ASSIGN(const auto staged, StagedFolder::Create(fs, Path("folder")));
  ASSERT_THAT(staged->Commit(), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto second, StagedFolder::Create(fs, Path("folder")));
  EXPECT_THAT(second->Commit(), StatusIs(StatusCode::kAlreadyExists, _));
}

TEST_F(FilesTest, WriterAppendsAndDoesNotOverwrite) {
  ASSERT_OK_AND_ASSIGN(const auto writer, FileWriter::Create(fs_, Path("f")));
  ASSERT_THAT(writer->Append("ab"), IsOk());
  ASSERT_THAT(writer->Append(""), IsOk());
  ASSERT_THAT(writer->Append("cde"), IsOk());
  ASSERT_THAT(writer->Finish(), IsOk());
  EXPECT_EQ(*ReadFile(fs_, Path("f")), "abcde");
  EXPECT_THAT(FileWriter::Create(fs_, Path("f")), StatusIs(StatusCode::kAlreadyExists, HasSubstr(Path("f"))));
}

TEST_F(FilesTest, ReaderReadsAnywhereButNotBehindTheEnd) {
  ASSERT_THAT(ReplaceFile(fs_, Path("f"), "abcdef"), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto reader, FileReader::Open(fs_, Path("f")));
  EXPECT_EQ(reader->size(), 6);
  std::string bytes(3, '\0');
  ASSERT_THAT(reader->ReadAt(2, bytes.data(), 3), IsOk());
  EXPECT_EQ(bytes, "cde");
  ASSERT_THAT(reader->ReadAt(6, bytes.data(), 0), IsOk());
  EXPECT_THAT(reader->ReadAt(4, bytes.data(), 3),
              StatusIs(StatusCode::kDataLoss, AllOf(HasSubstr(Path("f")), HasSubstr("ends at byte 6"))));
  ASSERT_EQ(truncate(Path("f").c_str(), 1), 0);
  EXPECT_THAT(reader->ReadAt(0, bytes.data(), 3), StatusIs(StatusCode::kDataLoss, HasSubstr("ends at byte 1")));
}

TEST_F(FilesTest, StagedFolderAppearsOnCommit) {
  {
    ASSERT_OK_AND_ASSIGN(const auto staged, StagedFolder::Create(fs_, Path("a/final")));
    EXPECT_EQ(ParentFolder(staged->path()), Path("a"));
    ASSERT_THAT(ReplaceFile(fs_, JoinPath(staged->path(), "f"), "x"), IsOk());
    EXPECT_FALSE(*Exists(fs_, Path("a/final")));
    ASSERT_THAT(staged->Commit(), IsOk());
  }
  EXPECT_EQ(*ReadFile(fs_, Path("a/final/f")), "x");
  EXPECT_THAT(*ListFolder(fs_, Path("a")), ElementsAre("final"));
}

TEST_F(FilesTest, StagedFolderWithoutCommitVanishes) {
  {
    ASSERT_OK_AND_ASSIGN(const auto staged, StagedFolder::Create(fs_, Path("final")));
    ASSERT_THAT(ReplaceFile(fs_, JoinPath(staged->path(), "f"), "x"), IsOk());
  }
  EXPECT_THAT(Names(), IsEmpty());
}

// Also an empty folder, which rename() would replace.
TEST_F(FilesTest, StagedFolderLeavesWhatStandsThere) {
  ASSERT_THAT(MakeFolders(fs_, Path("final")), IsOk());
  {
    ASSERT_OK_AND_ASSIGN(const auto staged, StagedFolder::Create(fs_, Path("final")));
    ASSERT_THAT(ReplaceFile(fs_, JoinPath(staged->path(), "f"), "x"), IsOk());
    EXPECT_THAT(staged->Commit(), StatusIs(StatusCode::kAlreadyExists, HasSubstr(Path("final"))));
  }
  EXPECT_THAT(*ListFolder(fs_, Path("final")), IsEmpty());
  EXPECT_THAT(Names(), ElementsAre("final"));
}

TEST_F(FilesTest, RemoveStaleRemovesOnlyTemporaryEntries) {
  ASSERT_THAT(MakeFolders(fs_, Path(".tmp-1-0-a/b")), IsOk());
  ASSERT_THAT(ReplaceFile(fs_, Path(".tmp-1-1-f"), "x"), IsOk());
  ASSERT_THAT(ReplaceFile(fs_, Path("f"), "x"), IsOk());
  ASSERT_THAT(StagedFolder::RemoveStale(fs_, folder_), IsOk());
  EXPECT_THAT(Names(), ElementsAre("f"));
  EXPECT_THAT(StagedFolder::RemoveStale(fs_, Path("missing")), IsOk());
}

}  // namespace
}  // namespace baton
