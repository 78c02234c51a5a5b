#ifndef BATON_BASE_DIGEST_CACHE_H_
#define BATON_BASE_DIGEST_CACHE_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/digest.h"
#include "base/file_system.h"

namespace baton {

// Remembers the SHA-256 of files by their identity (device, inode, size, mtime, ctime in nanoseconds), so that an
// unchanged file is not read again. As in git's index, an entry is "racy" and not trusted when the file's mtime or
// ctime is not at least 2 s (the coarsest clock of a file system) older than the time at which it was digested: a write
// in the same tick would leave the identity as it is. A cache that is missing, damaged or not writable only costs time:
// it is never an error. Thread-safe.
class DigestCache {
 public:
  // `file` is where it is kept, e.g. RUN_DIR/cache/digests.binpb; read now.
  DigestCache(FileSystem& fs, std::string file);

  // SHA-256 and size of the file, from the cache where its identity is known, else by reading it.
  absl::StatusOr<FileDigest> Sha256(const std::string& path);

  // Removes the cache in `file`, so that the next process reads all files again. For who finds bytes damaged that the
  // cache takes for known: a fault of the disk changes them without changing the file's identity.
  static void Forget(FileSystem& fs, const std::string& file);

  // Writes the cache if anything was added; entries of files that are gone are dropped.
  void Save();

 private:
  // What tells that a file is the same and unchanged.
  struct Identity {
    uint64_t device = 0;
    uint64_t inode = 0;
    uint64_t size_bytes = 0;
    int64_t modified_nanoseconds = 0;
    int64_t changed_nanoseconds = 0;
    bool operator==(const Identity&) const = default;
  };
  struct Entry {
    Identity identity;
    std::string sha256;
    int64_t digested_nanoseconds = 0;
  };

  absl::StatusOr<Identity> Identify(const std::string& path) const;
  void Load();

  FileSystem& fs_;
  const std::string file_;
  absl::Mutex mutex_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);  // by path
  bool added_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace baton

#endif  // BATON_BASE_DIGEST_CACHE_H_
