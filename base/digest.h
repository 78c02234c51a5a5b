#ifndef BATON_BASE_DIGEST_H_
#define BATON_BASE_DIGEST_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"

namespace baton {

// Digests, always as lower-case hexadecimal. SHA-256 (64 characters, as sha256sum prints it) is evidence: of raw inputs
// and finished artifacts. XXH3-128 (32 characters, as `xxhsum -H2` prints it) finds damage at memory speed: of
// everything that is verified often. MD5 is here only to check what DVC recorded.
enum class DigestKind { kSha256, kXxh3, kMd5 };

// A digest of bytes that come in pieces. Not thread-safe; movable.
class Digester {
 public:
  explicit Digester(DigestKind kind);
  ~Digester();
  Digester(Digester&&);
  Digester& operator=(Digester&&);

  void Update(absl::string_view bytes);
  // Of all bytes so far. May be called at any time, and updating may go on.
  std::string Hex() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

std::string Sha256Hex(absl::string_view bytes);
std::string Xxh3Hex(absl::string_view bytes);

struct FileDigest {
  uint64_t size_bytes = 0;
  std::string hex;
};

// Of a whole file, read in pieces of a few megabytes.
absl::StatusOr<FileDigest> DigestFile(FileSystem& fs, const std::string& path, DigestKind kind);

}  // namespace baton

#endif  // BATON_BASE_DIGEST_H_
