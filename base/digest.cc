#include "base/digest.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "base/files.h"
#include "base/status_macros.h"

namespace baton {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;

// OpenSSL's digests fail only when memory or its own configuration does.
void Check(int result) {
  if (result == 1) return;
  std::fputs("OpenSSL cannot compute a digest\n", stderr);
  std::abort();
}

std::string ToHex(const unsigned char* bytes, size_t size) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes), size));
}

struct DeleteEvp {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using EvpContext = std::unique_ptr<EVP_MD_CTX, DeleteEvp>;

struct DeleteXxh3 {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};
using Xxh3State = std::unique_ptr<XXH3_state_t, DeleteXxh3>;

}  // namespace

// One of the two.
struct Digester::Implementation {
  EvpContext evp;
  Xxh3State xxh3;
};

Digester::Digester(DigestKind kind) : implementation_(std::make_unique<Implementation>()) {
  if (kind == DigestKind::kXxh3) {
    implementation_->xxh3.reset(XXH3_createState());
    XXH3_128bits_reset(implementation_->xxh3.get());
    return;
  }
  implementation_->evp.reset(EVP_MD_CTX_new());
  const EVP_MD* const type = kind == DigestKind::kSha256 ? EVP_sha256() : EVP_md5();
  Check(EVP_DigestInit_ex(implementation_->evp.get(), type, nullptr));
}

Digester::~Digester() = default;
Digester::Digester(Digester&&) = default;
Digester& Digester::operator=(Digester&&) = default;

void Digester::Update(absl::string_view bytes) {
  if (implementation_->xxh3 != nullptr) {
    XXH3_128bits_update(implementation_->xxh3.get(), bytes.data(), bytes.size());
  } else {
    Check(EVP_DigestUpdate(implementation_->evp.get(), bytes.data(), bytes.size()));
  }
}

std::string Digester::Hex() const {
  if (implementation_->xxh3 != nullptr) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(implementation_->xxh3.get()));
    return ToHex(canonical.digest, sizeof(canonical.digest));
  }
  // A copy, since finishing ends a context.
  const EvpContext copy(EVP_MD_CTX_new());
  Check(EVP_MD_CTX_copy_ex(copy.get(), implementation_->evp.get()));
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  Check(EVP_DigestFinal_ex(copy.get(), digest, &size));
  return ToHex(digest, size);
}

std::string Sha256Hex(absl::string_view bytes) {
  Digester digester(DigestKind::kSha256);
  digester.Update(bytes);
  return digester.Hex();
}

std::string Xxh3Hex(absl::string_view bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  return ToHex(canonical.digest, sizeof(canonical.digest));
}

absl::StatusOr<FileDigest> DigestFile(FileSystem& fs, const std::string& path, DigestKind kind) {
  ASSIGN_OR_RETURN(const auto reader, FileReader::Open(fs, path));
  Digester digester(kind);
  std::string piece(std::min<uint64_t>(reader->size(), kPieceBytes), '\0');
  for (uint64_t offset = 0; offset < reader->size(); offset += piece.size()) {
    piece.resize(std::min<uint64_t>(reader->size() - offset, kPieceBytes));
    RETURN_IF_ERROR(reader->ReadAt(offset, piece.data(), piece.size()));
    digester.Update(piece);
  }
  return FileDigest{reader->size(), digester.Hex()};
}

}  // namespace baton
