#include "base/digest_cache.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/digest_cache.pb.h"
#include "base/files.h"
#include "base/seal.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"

namespace baton {
namespace {

using testing::_;

// Makes all files look as if they had last been changed `age` seconds earlier, since a ctime cannot be set.
class Aged : public FileSystem {
 public:
  int Stat(const std::string& path, struct stat* result) override {
    const int error = FileSystem::Stat(path, result);
    result->st_mtim.tv_sec -= modified_age;
    result->st_ctim.tv_sec -= changed_age;
    return error;
  }
  int64_t modified_age = 3600;
  int64_t changed_age = 3600;
};

class DigestCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(RemoveTree(aged_, folder_), IsOk());
    ASSERT_THAT(MakeFolders(aged_, folder_), IsOk());
    ASSERT_THAT(ReplaceFile(aged_, path_, "one"), IsOk());
  }

  // The digest, and whether the file was read for it.
  std::pair<std::string, bool> Digest(DigestCache& cache) {
    const size_t before = fs_.calls().size();
    const absl::StatusOr<FileDigest> digest = cache.Sha256(path_);
    EXPECT_THAT(digest, IsOk());
    const std::vector<FaultyFileSystem::Call> calls = fs_.calls();
    bool read = false;
    for (size_t i = before; i < calls.size(); ++i) read |= calls[i].operation == FileOperation::kReadAt;
    return {digest->hex, read};
  }

  const std::string folder_ = JoinPath(testing::TempDir(), "digest_cache_test");
  const std::string path_ = JoinPath(folder_, "data");
  const std::string file_ = JoinPath(folder_, "cache/digests.binpb");
  Aged aged_;
  FaultyFileSystem fs_{aged_};
  const std::string one_ = Sha256Hex("one");
  const std::string two_ = Sha256Hex("two");
};

TEST_F(DigestCacheTest, ReadsAnUnchangedFileOnce) {
  DigestCache cache(fs_, file_);
  EXPECT_EQ(Digest(cache), std::pair(one_, true));
  EXPECT_EQ(Digest(cache), std::pair(one_, false));
  EXPECT_EQ(cache.Sha256(path_)->size_bytes, 3);
}

TEST_F(DigestCacheTest, IsKeptInItsFile) {
  DigestCache first(fs_, file_);
  Digest(first);
  first.Save();
  DigestCache second(fs_, file_);
  EXPECT_EQ(Digest(second), std::pair(one_, false));
}

TEST_F(DigestCacheTest, ReadsAChangedFileAgain) {
  DigestCache cache(fs_, file_);
  Digest(cache);
  // Another inode, then the same one with another size, then with another time.
  ASSERT_THAT(ReplaceFile(aged_, path_, "two"), IsOk());
  EXPECT_EQ(Digest(cache), std::pair(two_, true));
  ASSERT_EQ(truncate(path_.c_str(), 2), 0);
  EXPECT_EQ(Digest(cache), std::pair(Sha256Hex("tw"), true));
  aged_.modified_age += 1;
  EXPECT_EQ(Digest(cache).second, true);
  aged_.changed_age += 1;
  EXPECT_EQ(Digest(cache).second, true);
  EXPECT_EQ(Digest(cache).second, false);
}

// The entry was made when the file had only just been changed: a write in the same tick would not show.
TEST_F(DigestCacheTest, DoesNotTrustRacyEntries) {
  for (const auto& [modified, changed] : {std::pair(0, 3600), std::pair(3600, 0), std::pair(1, 1), std::pair(-9, 9)}) {
    aged_.modified_age = modified;
    aged_.changed_age = changed;
    ASSERT_THAT(ReplaceFile(aged_, path_, "one"), IsOk());
    DigestCache cache(fs_, file_);
    EXPECT_EQ(Digest(cache).second, true);
    EXPECT_EQ(Digest(cache).second, true) << modified << " " << changed;
  }
}

// Writes into the file while it is being read.
TEST_F(DigestCacheTest, DoesNotRememberAFileThatChangedMeanwhile) {
  class Writing : public Aged {
   public:
    int64_t ReadAt(int fd, void* data, size_t size, int64_t offset) override {
      const int64_t result = Aged::ReadAt(fd, data, size, offset);
      if (active) modified_age -= 1;
      return result;
    }
    bool active = true;
  } writing;
  DigestCache cache(writing, file_);
  EXPECT_EQ(cache.Sha256(path_)->hex, one_);
  const int64_t age = writing.modified_age;
  EXPECT_EQ(cache.Sha256(path_)->hex, one_);
  EXPECT_LT(writing.modified_age, age) << "it was not read again";
}

TEST_F(DigestCacheTest, ForgetsAll) {
  DigestCache::Forget(fs_, file_);
  DigestCache first(fs_, file_);
  Digest(first);
  first.Save();
  DigestCache::Forget(fs_, file_);
  DigestCache second(fs_, file_);
  EXPECT_EQ(Digest(second), std::pair(one_, true));
}

TEST_F(DigestCacheTest, ADamagedCacheIsNoCache) {
  DigestCache first(fs_, file_);
  Digest(first);
  first.Save();
  ASSERT_OK_AND_ASSIGN(std::string bytes, ReadFile(aged_, file_));
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_THAT(ReplaceFile(aged_, file_, bytes), IsOk());
  DigestCache second(fs_, file_);
  EXPECT_EQ(Digest(second), std::pair(one_, true));
  second.Save();
  DigestCache third(fs_, file_);
  EXPECT_EQ(Digest(third), std::pair(one_, false));
}

TEST_F(DigestCacheTest, ACacheThatCannotBeReadOrWrittenIsNoError) {
  DigestCache cache(fs_, file_);
  Digest(cache);
  fs_.Inject({.path = "/cache", .sticky = true, .error = EACCES});
  cache.Save();
  EXPECT_GT(fs_.faults(), 0);
  DigestCache unreadable(fs_, file_);
  EXPECT_EQ(Digest(unreadable), std::pair(one_, true));
  fs_.Heal();
  // What could not be saved then is saved now.
  cache.Save();
  DigestCache second(fs_, file_);
  EXPECT_EQ(Digest(second), std::pair(one_, false));
}

TEST_F(DigestCacheTest, SaveWritesOnlyWhatIsNewAndDropsWhatIsGone) {
  {
    DigestCache cache(fs_, file_);
    Digest(cache);
    cache.Save();
  }
  struct stat before, after;
  ASSERT_EQ(stat(file_.c_str(), &before), 0);
  DigestCache cache(fs_, file_);
  Digest(cache);
  cache.Save();
  ASSERT_EQ(stat(file_.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);

  const std::string other = path_ + "2";
  ASSERT_THAT(ReplaceFile(aged_, other, "two"), IsOk());
  ASSERT_THAT(cache.Sha256(other), IsOk());
  ASSERT_THAT(RemoveTree(aged_, path_), IsOk());
  cache.Save();
  DigestCacheFile stored;
  ASSERT_THAT(Unseal(ReadFile(aged_, file_).value(), file_, stored), IsOk());
  ASSERT_EQ(stored.entries_size(), 1);
  EXPECT_EQ(stored.entries(0).path(), other);
  EXPECT_EQ(stored.entries(0).sha256(), two_);
}

TEST_F(DigestCacheTest, AMissingFileIsAnError) {
  DigestCache cache(fs_, file_);
  Digest(cache);
  ASSERT_THAT(RemoveTree(aged_, path_), IsOk());
  EXPECT_THAT(cache.Sha256(path_), StatusIs(absl::StatusCode::kNotFound, testing::HasSubstr(path_)));
}

}  // namespace
}  // namespace baton
