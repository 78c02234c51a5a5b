#include "tests/power_cut_file_system.h"

#include <fcntl.h>

#include <filesystem>
#include <map>

#include "base/files.h"
#include "base/testing/status_matchers.h"

namespace baton {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Pair;
using Data = Survival::Data;
using Entries = Survival::Entries;

class PowerCutFileSystemTest : public testing::Test {
 protected:
  PowerCutFileSystemTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ + "/sub");
    EXPECT_THAT(ReplaceFile(Unsynced::Get(), folder_ + "/old", "old"), IsOk());
    fs_ = std::make_unique<PowerCutFileSystem>(folder_);
  }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  // Writes without a sync, and leaves the file open.
  int Write(const std::string& name, const std::string& bytes, int flags = O_CREAT | O_EXCL) {
    const int fd = fs_->Open(Path(name), O_WRONLY | flags, 0666);
    EXPECT_GE(fd, 0);
    EXPECT_EQ(fs_->Write(fd, bytes.data(), bytes.size()), bytes.size());
    return fd;
  }
  void WriteSynced(const std::string& name, const std::string& bytes) {
    const int fd = Write(name, bytes);
    EXPECT_EQ(fs_->Sync(fd), 0);
    EXPECT_EQ(fs_->Close(fd), 0);
  }
  void SyncFolder(const std::string& name) { EXPECT_THAT(baton::SyncFolder(*fs_, Path(name)), IsOk()); }

  // Files and their contents after a cut, and folders with a slash.
  std::map<std::string, std::string> After(Data data, Entries entries, uint64_t seed = 0) {
    fs_->CutPower({data, entries, seed});
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      const std::string name = std::filesystem::relative(entry.path(), folder_);
      if (entry.is_directory()) {
        files[name + "/"] = "";
      } else {
        files[name] = ReadFile(FileSystem::Posix(), entry.path()).value();
      }
    }
    return files;
  }

  const std::string folder_ = JoinPath(testing::TempDir(), "power_cut");
  std::unique_ptr<PowerCutFileSystem> fs_;
};

using Files = std::map<std::string, std::string>;
const Files kBefore = {{"old", "old"}, {"sub/", ""}};

TEST_F(PowerCutFileSystemTest, ANewFileNeedsBothSyncs) {
  const int fd = Write("new", "bytes");
  EXPECT_EQ(After(Data::kLost, Entries::kLost), kBefore);
  EXPECT_EQ(After(Data::kLost, Entries::kKept), (Files{{"new", ""}, {"old", "old"}, {"sub/", ""}}));
  EXPECT_EQ(fs_->Sync(fd), 0);
  EXPECT_EQ(After(Data::kLost, Entries::kLost), kBefore);
  EXPECT_EQ(After(Data::kLost, Entries::kKept)["new"], "bytes");
}

TEST_F(PowerCutFileSystemTest, WhatIsSyncedStays) {
  WriteSynced("new", "bytes");
  SyncFolder("");
  EXPECT_EQ(After(Data::kLost, Entries::kLost), (Files{{"new", "bytes"}, {"old", "old"}, {"sub/", ""}}));
  EXPECT_EQ(After(Data::kTorn, Entries::kSome, 5), After(Data::kKept, Entries::kKept));
}

TEST_F(PowerCutFileSystemTest, BytesAfterTheSyncAreNotDurable) {
  const int fd = Write("old", "newer", O_TRUNC);
  EXPECT_EQ(After(Data::kLost, Entries::kLost)["old"], "old");
  EXPECT_EQ(After(Data::kKept, Entries::kLost)["old"], "newer");
  EXPECT_EQ(fs_->Close(fd), 0);
  EXPECT_EQ(After(Data::kLost, Entries::kLost)["old"], "old");
}

TEST_F(PowerCutFileSystemTest, ARenameIsWholeOrNot) {
  WriteSynced("temporary", "new");
  EXPECT_EQ(fs_->Rename(Path("temporary"), Path("old")), 0);
  EXPECT_EQ(After(Data::kLost, Entries::kLost), kBefore);
  EXPECT_EQ(After(Data::kLost, Entries::kKept), (Files{{"old", "new"}, {"sub/", ""}}));
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_THAT(
        After(Data::kLost, Entries::kSome, seed),
        AnyOf(kBefore, Files{{"old", "new"}, {"sub/", ""}}, Files{{"old", "old"}, {"sub/", ""}, {"temporary", "new"}}));
  }
  SyncFolder("");
  EXPECT_EQ(After(Data::kLost, Entries::kLost), (Files{{"old", "new"}, {"sub/", ""}}));
}

TEST_F(PowerCutFileSystemTest, FromFolderToFolderOneSyncIsEnough) {
  EXPECT_EQ(fs_->RenameExclusive(Path("old"), Path("sub/old")), 0);
  EXPECT_EQ(After(Data::kLost, Entries::kLost), kBefore);
  SyncFolder("sub");
  EXPECT_EQ(After(Data::kLost, Entries::kLost), (Files{{"sub/", ""}, {"sub/old", "old"}}));
}

TEST_F(PowerCutFileSystemTest, AFolderThatIsLostTakesWhatIsInItAlong) {
  EXPECT_EQ(fs_->MakeDirectory(Path("made")), 0);
  WriteSynced("made/file", "bytes");
  SyncFolder("made");
  EXPECT_EQ(After(Data::kKept, Entries::kLost), kBefore);
  SyncFolder("");
  EXPECT_EQ(After(Data::kLost, Entries::kLost),
            (Files{{"made/", ""}, {"made/file", "bytes"}, {"old", "old"}, {"sub/", ""}}));
}

TEST_F(PowerCutFileSystemTest, RemovalsComeBack) {
  EXPECT_EQ(fs_->Unlink(Path("old")), 0);
  EXPECT_EQ(fs_->RemoveDirectory(Path("sub")), 0);
  EXPECT_EQ(After(Data::kLost, Entries::kLost), kBefore);
  EXPECT_THAT(After(Data::kLost, Entries::kKept), IsEmpty());
  SyncFolder("");
  EXPECT_THAT(After(Data::kLost, Entries::kLost), IsEmpty());
}

// What a folder half removed looks like if nobody waited for its new name.
TEST_F(PowerCutFileSystemTest, ChangesOfDifferentFoldersSurviveInAnyOrder) {
  WriteSynced("sub/file", "bytes");
  SyncFolder("sub");
  EXPECT_EQ(fs_->Rename(Path("sub"), Path("going")), 0);
  EXPECT_EQ(fs_->Unlink(Path("going/file")), 0);
  std::set<Files> seen;
  for (uint64_t seed = 0; seed < 50; ++seed) seen.insert(After(Data::kLost, Entries::kSome, seed));
  EXPECT_THAT(seen, ElementsAre(Files{{"going/", ""}, {"going/file", "bytes"}, {"old", "old"}},
                                Files{{"going/", ""}, {"old", "old"}}, Files{{"old", "old"}, {"sub/", ""}},
                                Files{{"old", "old"}, {"sub/", ""}, {"sub/file", "bytes"}}));
  seen.clear();
  for (uint64_t seed = 0; seed < 50; ++seed) seen.insert(After(Data::kLost, Entries::kFirst, seed));
  EXPECT_EQ(seen.size(), 3) << "not without the first, in a journal";
}

TEST_F(PowerCutFileSystemTest, AFileOfTwoNamesIsOneFile) {
  Write("temporary", "bytes");
  EXPECT_EQ(fs_->Link(Path("temporary"), Path("name")), 0);
  fs_->CutPower({Data::kKept, Entries::kKept});
  EXPECT_TRUE(std::filesystem::equivalent(Path("temporary"), Path("name")));
  const int fd = fs_->Open(Path("name"), O_RDONLY, 0);
  EXPECT_EQ(fs_->Sync(fd), 0);
  SyncFolder("");
  EXPECT_EQ(After(Data::kLost, Entries::kLost)["temporary"], "bytes");
}

TEST_F(PowerCutFileSystemTest, TornBytesAreABeginningWithHoles) {
  const std::string bytes(2000, 'x');
  const int fd = Write("new", bytes);
  SyncFolder("");
  std::set<size_t> sizes;
  bool holes = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const std::string torn = After(Data::kTorn, Entries::kLost, seed)["new"];
    sizes.insert(torn.size());
    EXPECT_EQ(torn.find_first_not_of(std::string("x\0", 2)), std::string::npos);
    holes = holes || torn.find('\0') != std::string::npos;
  }
  EXPECT_THAT(sizes, IsSupersetOf({size_t{0}, bytes.size()}));
  EXPECT_GT(sizes.size(), 10);
  EXPECT_TRUE(holes);
  EXPECT_EQ(fs_->Sync(fd), 0);
  EXPECT_EQ(After(Data::kTorn, Entries::kLost, 3)["new"], bytes);
}

TEST_F(PowerCutFileSystemTest, WhatIsOutsideIsNotTouched) {
  const std::string beside = folder_ + "_beside";
  ASSERT_THAT(ReplaceFile(*fs_, beside, "bytes"), IsOk());
  EXPECT_EQ(After(Data::kLost, Entries::kLost), kBefore);
  EXPECT_EQ(ReadFile(*fs_, beside).value(), "bytes");
}

}  // namespace
}  // namespace baton
