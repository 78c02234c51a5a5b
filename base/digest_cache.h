#ifndef BATON_BASE_DIGEST_CACHE_H_
#define BATON_BASE_DIGEST_CACHE_H_

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
// ctime is not older than the time at which it was digested by at least the clock's granularity: a write in the same
// tick would leave the identity as it is. A cache that is missing, damaged or not writable only costs time: it is never
// an error. Thread-safe.
class DigestCache {
 public:
  // `file` is where it is kept, e.g. RUN_DIR/cache/digests.binpb; read now.
  DigestCache(FileSystem& fs, std::string file);

  // SHA-256 and size of the file, from the cache where its identity is known, else by reading it.
  absl::StatusOr<FileDigest> Sha256(const std::string& path);

  // Writes the cache if anything was added; entries of files that are gone are dropped.
  void Save();
};

}  // namespace baton

#endif  // BATON_BASE_DIGEST_CACHE_H_
