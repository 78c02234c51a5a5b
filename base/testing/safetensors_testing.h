#ifndef BATON_BASE_TESTING_SAFETENSORS_TESTING_H_
#define BATON_BASE_TESTING_SAFETENSORS_TESTING_H_

#include <fstream>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/testing/status_matchers.h"

namespace baton {

// What the tests of safetensors share.

inline std::string NewPath() {
  static int count = 0;
  return absl::StrCat(testing::TempDir(), "/safetensors-", count++);
}

inline std::string Content(const std::string& path) {
  const absl::StatusOr<std::string> content = ReadFile(FileSystem::Posix(), path);
  EXPECT_THAT(content, IsOk());
  return content.value_or("");
}

// A file of these bytes, in place of what is at `path`.
inline std::string FileOf(absl::string_view bytes, const std::string& path = NewPath()) {
  // Not durable, since syncing thousands of files takes long.
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

MATCHER_P(IsDamage, text, "") {
  return testing::ExplainMatchResult(StatusIs(absl::StatusCode::kDataLoss, testing::HasSubstr(std::string(text))), arg,
                                     result_listener);
}

// Files made by the Python library, safetensors 0.8.0, with numpy 2.4.6; SHA-256 by hashlib, XXH3-128 by xxhash.
//
// safetensors.numpy.save({"b": np.arange(3, dtype=np.float32), "a": np.zeros((0, 2), np.float32), "s": np.array(1.5),
//     'q"\\\n\x01\x7fé': np.array([True, False, True])}, {"k": "v\n"}).hex()
inline constexpr char kPythonHex[] =
    "08010000000000007b225f5f6d657461646174615f5f223a7b226b223a22765c6e227d2c2273223a7b226474797065223a22463634222c2273"
    "68617065223a5b5d2c22646174615f6f666673657473223a5b302c385d7d2c2261223a7b226474797065223a22463332222c22736861706522"
    "3a5b302c325d2c22646174615f6f666673657473223a5b382c385d7d2c2262223a7b226474797065223a22463332222c227368617065223a5b"
    "335d2c22646174615f6f666673657473223a5b382c32305d7d2c22715c225c5c5c6e5c75303030317fc3a9223a7b226474797065223a22424f"
    "4f4c222c227368617065223a5b335d2c22646174615f6f666673657473223a5b32302c32335d7d7d20202020000000000000f83f0000000000"
    "00803f00000040010001";
inline constexpr char kOddName[] = "q\"\\\n\x01\x7F\xC3\xA9";
inline constexpr char kPythonXxh3[] = "7abcd0f116f3f4a96310b369e630c945";
// Of its first 272 bytes, and of "s", "a", "b" and the odd one.
inline constexpr char kPythonHeaderXxh3[] = "18ce3cfc474288c316076dfdb36ca032";
inline constexpr const char* kPythonTensorXxh3[] = {
    "8e19d0c57481c05d6d22fe9c07fa4107", "99aa06d3014798d86001c324468d497f", "e4e8b64d2ffcf806c3ca633d67782175",
    "b1a57916ac63a6bcaed946681f85b77a"};

}  // namespace baton

#endif  // BATON_BASE_TESTING_SAFETENSORS_TESTING_H_
