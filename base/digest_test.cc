#include "base/digest.h"

#include <utility>

#include "base/files.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"

namespace baton {
namespace {

using testing::HasSubstr;

// "" and "abc": FIPS 180-4, RFC 1321 and the xxHash specification's test vectors. Pattern: Python's hashlib and xxhash.
constexpr char kAbcSha256[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr char kPatternSha256[] = "0662aaa38c2805fc251c28a6cead5e840667d304c9dab713a8d4f29d8b70d4df";
constexpr char kPatternMd5[] = "704c25d29447462739f45da1b1076ee3";
constexpr char kPatternXxh3[] = "15c2b0fbe370f0558ec9a3adaeaddd1c";

// bytes((i * 131 + 7) % 256 for i in range(3000001)): more than two of the pieces in which a file is read.
std::string Pattern() {
  std::string bytes(3000001, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>((i * 131 + 7) % 256);
  return bytes;
}

TEST(Digest, OfKnownBytes) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), kAbcSha256);
  EXPECT_EQ(Xxh3Hex(""), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(Xxh3Hex("abc"), "06b05ab6733a618578af5f94892f3950");
  EXPECT_EQ(Digester(DigestKind::kMd5).Hex(), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Sha256Hex(Pattern()), kPatternSha256);
  EXPECT_EQ(Xxh3Hex(Pattern()), kPatternXxh3);
}

TEST(Digester, PiecesGiveTheDigestOfTheWhole) {
  const std::string pattern = Pattern();
  for (const auto& [kind, expected] :
       {std::pair(DigestKind::kSha256, kPatternSha256), std::pair(DigestKind::kMd5, kPatternMd5),
        std::pair(DigestKind::kXxh3, kPatternXxh3)}) {
    Digester digester(kind);
    digester.Update(absl::string_view(pattern).substr(0, 1));
    digester.Update("");
    digester.Update(absl::string_view(pattern).substr(1, 1000));
    digester.Update(absl::string_view(pattern).substr(1001));
    EXPECT_EQ(digester.Hex(), expected);
  }
}

TEST(Digester, GoesOnAfterHexAndAfterAMove) {
  for (const DigestKind kind : {DigestKind::kSha256, DigestKind::kXxh3}) {
    Digester first(kind);
    first.Update("a");
    const std::string of_a = first.Hex();
    Digester second = std::move(first);
    EXPECT_EQ(second.Hex(), of_a);
    second.Update("bc");
    EXPECT_EQ(second.Hex(), kind == DigestKind::kSha256 ? Sha256Hex("abc") : Xxh3Hex("abc"));
  }
}

TEST(DigestFile, ReadsAllPieces) {
  FileSystem& fs = FileSystem::Posix();
  const std::string path = JoinPath(testing::TempDir(), "pattern");
  ASSERT_THAT(ReplaceFile(fs, path, Pattern()), IsOk());
  ASSERT_OK_AND_ASSIGN(const FileDigest sha256, DigestFile(fs, path, DigestKind::kSha256));
  EXPECT_EQ(sha256.size_bytes, 3000001);
  EXPECT_EQ(sha256.hex, kPatternSha256);
  ASSERT_OK_AND_ASSIGN(const FileDigest md5, DigestFile(fs, path, DigestKind::kMd5));
  EXPECT_EQ(md5.hex, kPatternMd5);
  ASSERT_OK_AND_ASSIGN(const FileDigest xxh3, DigestFile(fs, path, DigestKind::kXxh3));
  EXPECT_EQ(xxh3.hex, kPatternXxh3);

  FaultyFileSystem short_reads;
  short_reads.Inject({.operations = {FileOperation::kReadAt}, .sticky = true, .effect = Fault::Effect::kShort});
  ASSERT_OK_AND_ASSIGN(const FileDigest pieced, DigestFile(short_reads, path, DigestKind::kXxh3));
  EXPECT_EQ(pieced.hex, kPatternXxh3);
  EXPECT_GT(short_reads.faults(), 3);
}

TEST(DigestFile, ReportsErrors) {
  const std::string path = JoinPath(testing::TempDir(), "small");
  ASSERT_THAT(ReplaceFile(FileSystem::Posix(), path, "abc"), IsOk());
  EXPECT_THAT(DigestFile(FileSystem::Posix(), path + "x", DigestKind::kSha256),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr(path + "x")));
  FaultyFileSystem fs;
  fs.Inject({.operations = {FileOperation::kReadAt}});
  EXPECT_THAT(DigestFile(fs, path, DigestKind::kSha256),
              StatusIs(absl::StatusCode::kUnknown, HasSubstr("Input/output error")));
}

}  // namespace
}  // namespace baton
