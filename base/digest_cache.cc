#include "base/digest_cache.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/digest_cache.pb.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/seal.h"
#include "base/status_macros.h"

namespace baton {
namespace {

constexpr int64_t kGranularityNanoseconds = 2'000'000'000;

// The nearest that there is, for a time that 64 bits do not count.
int64_t Nanoseconds(const timespec& time) { return absl::ToUnixNanos(absl::TimeFromTimespec(time)); }

}  // namespace

DigestCache::DigestCache(FileSystem& fs, std::string file) : fs_(fs), file_(std::move(file)) { Load(); }

void DigestCache::Load() {
  const absl::StatusOr<std::string> bytes = ReadFile(fs_, file_);
  DigestCacheFile stored;
  if (!bytes.ok() || !Unseal(*bytes, file_, stored).ok()) return;
  absl::MutexLock lock(&mutex_);
  for (const DigestCacheFile::Entry& entry : stored.entries()) {
    entries_[entry.path()] = {
        {entry.device(), entry.inode(), entry.size_bytes(), entry.modified_nanoseconds(), entry.changed_nanoseconds()},
        entry.sha256(),
        entry.digested_nanoseconds()};
  }
}

absl::StatusOr<DigestCache::Identity> DigestCache::Identify(const std::string& path) const {
  struct stat file;
  const int error = fs_.Stat(path, &file);
  if (error != 0) return IoError(error, "look at", path);
  return Identity{file.st_dev, file.st_ino, static_cast<uint64_t>(file.st_size), Nanoseconds(file.st_mtim),
                  Nanoseconds(file.st_ctim)};
}

absl::StatusOr<FileDigest> DigestCache::Sha256(const std::string& path) {
  ASSIGN_OR_RETURN(const Identity identity, Identify(path));
  {
    absl::MutexLock lock(&mutex_);
    const auto found = entries_.find(path);
    if (found != entries_.end()) {
      const Entry& entry = found->second;
      const int64_t newest = std::max(identity.modified_nanoseconds, identity.changed_nanoseconds);
      int64_t trusted = 0;
      const bool racy =
          __builtin_sub_overflow(entry.digested_nanoseconds, kGranularityNanoseconds, &trusted) || newest > trusted;
      if (entry.identity == identity && !racy) return FileDigest{identity.size_bytes, entry.sha256};
    }
  }
  const int64_t now = absl::GetCurrentTimeNanos();
  ASSIGN_OR_RETURN(FileDigest digest, DigestFile(fs_, path, DigestKind::kSha256));
  // If the file changed meanwhile, it will not be met with this identity again.
  absl::MutexLock lock(&mutex_);
  entries_[path] = {identity, digest.hex, now};
  added_ = true;
  return digest;
}

void DigestCache::Forget(FileSystem& fs, const std::string& file) {
  // One that cannot be removed is one that cannot be written either: whoever keeps it so has to see to it.
  (void)fs.Unlink(file);
}

void DigestCache::Save() {
  absl::MutexLock lock(&mutex_);
  if (!added_) return;
  DigestCacheFile stored;
  for (const auto& [path, entry] : entries_) {
    const absl::StatusOr<bool> there = Exists(fs_, path);
    if (there.ok() && !*there) continue;
    DigestCacheFile::Entry* const added = stored.add_entries();
    added->set_path(path);
    added->set_device(entry.identity.device);
    added->set_inode(entry.identity.inode);
    added->set_size_bytes(entry.identity.size_bytes);
    added->set_modified_nanoseconds(entry.identity.modified_nanoseconds);
    added->set_changed_nanoseconds(entry.identity.changed_nanoseconds);
    added->set_sha256(entry.sha256);
    added->set_digested_nanoseconds(entry.digested_nanoseconds);
  }
  // Without it the next process reads the files again, that is all.
  if (MakeFolders(fs_, ParentFolder(file_)).ok() && ReplaceFile(fs_, file_, Seal(stored)).ok()) added_ = false;
}

}  // namespace baton
