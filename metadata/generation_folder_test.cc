#include "metadata/generation_folder.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata/testing.h"

namespace baton {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

// Hands out names that were there at no one moment.
class ListingFileSystem : public FileSystem {
 public:
  explicit ListingFileSystem(std::vector<std::string> names) : names_(std::move(names)) {}
  int List(const std::string&, std::vector<std::string>* names) override {
    *names = names_;
    return 0;
  }

 private:
  const std::vector<std::string> names_;
};

// A folder with a file of each of the names.
std::string FolderOf(const std::vector<std::string>& names) {
  const std::string folder = NewRunDir();
  for (const std::string& name : names) WriteAll(absl::StrCat(folder, "/", name), "x");
  return folder;
}

GenerationFolder List(FileSystem& fs, const std::string& folder) {
  const auto files = ListGenerations(fs, folder);
  EXPECT_THAT(files, IsOk());
  return *files;
}

auto RangeIs(uint64_t first, uint64_t last) {
  return AllOf(Field(&GenerationFolder::Range::first, first), Field(&GenerationFolder::Range::last, last));
}

TEST(GenerationFolder, KnowsEachNameForWhatItIs) {
  const std::string folder = FolderOf({"0000000001.binpb", "0000000002.binpb", "0000000002.binpb.damaged",
                                       "0000000003.binpb.damaged", "0000000003.binpb.damaged-2", ".tmp-1", "notes"});
  const GenerationFolder files = List(FileSystem::Posix(), folder);
  EXPECT_THAT(files.generations, ElementsAre(1));
  EXPECT_THAT(files.marked, ElementsAre(2, 3));
  EXPECT_THAT(files.beside_mark, ElementsAre(2));
  EXPECT_THAT(files.missing, IsEmpty());
  EXPECT_THAT(files.others, ElementsAre(".tmp-1", "0000000003.binpb.damaged-2", "notes"));
  EXPECT_EQ(files.NextNumber(), 4);
}

// One rule for who lists and who looks.
TEST(GenerationFolder, OnlyTheNameDamagedIsAMark) {
  for (const std::string ending : {".damaged-2", ".damaged.old", ".damagedx", ".damage", "x"}) {
    const std::string folder = FolderOf({"0000000001.binpb", absl::StrCat("0000000002.binpb", ending)});
    EXPECT_EQ(List(FileSystem::Posix(), folder).NextNumber(), 2) << ending;
    ASSERT_OK_AND_ASSIGN(const bool marked, IsMarked(FileSystem::Posix(), folder, 2));
    EXPECT_FALSE(marked) << ending;
  }
  const std::string folder = FolderOf({"0000000001.binpb", "0000000002.binpb.damaged"});
  EXPECT_EQ(List(FileSystem::Posix(), folder).NextNumber(), 3);
  ASSERT_OK_AND_ASSIGN(const bool marked, IsMarked(FileSystem::Posix(), folder, 2));
  EXPECT_TRUE(marked);
}

TEST(GenerationFolder, FindsWhatAListingMissed) {
  const std::string folder = FolderOf(
      {"0000000001.binpb", "0000000002.binpb", "0000000003.binpb", "0000000004.binpb.damaged", "0000000005.binpb"});
  ListingFileSystem fs({"0000000001.binpb", "0000000005.binpb"});
  const GenerationFolder files = List(fs, folder);
  EXPECT_THAT(files.generations, ElementsAre(1, 2, 3, 5));
  EXPECT_THAT(files.marked, ElementsAre(4));
  EXPECT_THAT(files.missing, IsEmpty());
}

TEST(GenerationFolder, AFileThatWasListedUnderBothItsNamesIsOne) {
  const std::string folder = FolderOf({"0000000001.binpb", "0000000002.binpb.damaged"});
  ListingFileSystem fs({"0000000001.binpb", "0000000002.binpb", "0000000002.binpb.damaged"});
  const GenerationFolder files = List(fs, folder);
  EXPECT_THAT(files.beside_mark, IsEmpty());
  EXPECT_THAT(files.marked, ElementsAre(2));
}

// Renamed while it is looked for, between the look at the one name and at the other.
TEST(GenerationFolder, AFileThatIsSetAsideWhileItIsLookedForIsFound) {
  class SetsAside : public ListingFileSystem {
   public:
    using ListingFileSystem::ListingFileSystem;
    int Stat(const std::string& path, struct stat* result) override {
      const int error = ListingFileSystem::Stat(path, result);
      std::error_code gone;
      if (path == file) std::filesystem::rename(path, path + ".damaged", gone);
      return error;
    }
    std::string file;
  } fs({"0000000001.binpb", "0000000003.binpb"});
  const std::string folder = FolderOf({"0000000001.binpb", "0000000002.binpb", "0000000003.binpb"});
  fs.file = folder + "/0000000002.binpb";
  EXPECT_THAT(List(fs, folder).missing, IsEmpty());
}

TEST(GenerationFolder, NamesWhatIsMissing) {
  const std::string folder = FolderOf({"0000000003.binpb", "0000000005.binpb.damaged", "9999999999.binpb"});
  const GenerationFolder files = List(FileSystem::Posix(), folder);
  EXPECT_THAT(files.missing, ElementsAre(RangeIs(1, 2), RangeIs(4, 4), RangeIs(6, 9999999998)));
}

TEST(GenerationFolder, NoFolderIsAnEmptyOne) {
  const GenerationFolder files = List(FileSystem::Posix(), "/nowhere");
  EXPECT_THAT(files.generations, IsEmpty());
  EXPECT_EQ(files.NextNumber(), 1);
}

}  // namespace
}  // namespace baton
