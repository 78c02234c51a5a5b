// DigestCache, on a cache of any bytes, and of any behind a right seal: it is never an error, and what is remembered of
// another file, or of this one as it was before, is not believed.

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/digest_cache.h"
#include "base/digest_cache.pb.h"
#include "base/files.h"
#include "base/seal.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/memory_file_system.h"

namespace baton {
namespace {

constexpr char kCache[] = "/run/cache/digests.binpb";
constexpr char kFile[] = "/data/file";
constexpr char kContents[] = "contents";

// Whether the cache holds exactly what the file is; then its digest is whatever stands there.
bool IsRemembered(absl::string_view cache, const struct stat& file) {
  DigestCacheFile stored;
  if (!Unseal(cache, "", stored).ok()) return false;
  bool remembered = false;
  for (const DigestCacheFile::Entry& entry : stored.entries()) {
    remembered |= entry.path() == kFile && entry.device() == file.st_dev && entry.inode() == file.st_ino &&
                  entry.size_bytes() == file.st_size &&
                  entry.modified_nanoseconds() == file.st_mtim.tv_sec * 1'000'000'000 &&
                  entry.changed_nanoseconds() == file.st_ctim.tv_sec * 1'000'000'000;
  }
  return remembered;
}

void TestBytes(absl::string_view bytes) {
  MemoryFileSystem fs;
  fs.Add(kFile, kContents);
  fs.Add(kCache, bytes);
  struct stat file;
  Require(fs.Stat(kFile, &file) == 0, "the file is there");
  DigestCache cache(fs, kCache);
  const absl::StatusOr<FileDigest> digest = cache.Sha256(kFile);
  Require(digest.ok(), "a file has a digest whatever the cache holds");
  if (IsRemembered(bytes, file)) {
    NoteAccepted();
    return;
  }
  Require(digest->hex == Sha256Hex(kContents) && digest->size_bytes == file.st_size, "the digest is the file's");
  cache.Save();
  DigestCache again(fs, kCache);
  const absl::StatusOr<FileDigest> same = again.Sha256(kFile);
  Require(same.ok() && same->hex == digest->hex, "what was saved is right");
}

}  // namespace

std::vector<std::string> Seeds() {
  MemoryFileSystem fs;
  fs.Add(kFile, kContents);
  fs.Add(kCache, "");
  DigestCache cache(fs, kCache);
  Require(cache.Sha256(kFile).ok(), "a file has a digest");
  cache.Save();
  DigestCacheFile stored;
  const absl::Status read = Unseal(*ReadFile(fs, kCache), kCache, stored);
  Require(read.ok(), read.ToString());
  stored.clear_sha256();
  return {SerializeMessage(stored)};
}

void TestInput(absl::string_view input) {
  TestBytes(input);
  TestBytes(SealBytes(input));
}

}  // namespace baton

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  baton::DigestCacheFile stored;
  return baton::MutateMessage(stored, data, size, max_size, seed);
}
