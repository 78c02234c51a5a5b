// What safetensors files can lack, when they are written and when they are read.
#include <unistd.h>

#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "base/safetensors.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/safetensors_testing.h"

namespace baton {
namespace {

using testing::HasSubstr;

TEST(WriteSafetensorsTest, RefusesWhatTheFormatCannotHold) {
  const auto status = [](std::vector<TensorBytes> tensors, const std::map<std::string, std::string>& metadata = {}) {
    const std::string path = NewPath();
    const absl::Status result =
        WriteSafetensors(FileSystem::Posix(), path, std::move(tensors), metadata, false).status();
    EXPECT_FALSE(*Exists(FileSystem::Posix(), path));
    return result;
  };
  const auto invalid = [](const char* text) { return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(text)); };
  EXPECT_THAT(status({{"a", DType::kU8, {}, "x"}, {"b", DType::kU8, {}, "x"}, {"a", DType::kI8, {}, "x"}}),
              invalid("two tensors are named \"a\""));
  EXPECT_THAT(status({{"__metadata__", DType::kU8, {}, "x"}}), invalid("keeps this name"));
  EXPECT_THAT(status({{"a", DType::kF32, {2, 3}, "x"}}), invalid("type F32 and shape [2, 3] take 24 bytes, not 1"));
  EXPECT_THAT(status({{"a", DType::kF32, {-1}, ""}}), invalid("negative dimension -1"));
  EXPECT_THAT(status({{"a", DType::kU8, {int64_t{1} << 32, int64_t{1} << 32}, ""}}), invalid("64 bits"));
  EXPECT_THAT(status({{"a\xFF", DType::kU8, {}, "x"}}), invalid("not UTF-8"));
  EXPECT_THAT(status({}, {{"k", "\xC0\x80"}}), invalid("metadata \"k\" is not UTF-8"));
  EXPECT_THAT(status({}, {{"\x80", "v"}}), invalid("not UTF-8"));
  EXPECT_THAT(status({}, {{"k", std::string(100'000'000, 'v')}}), invalid("more than the format's 100000000"));
}

TEST(WriteSafetensorsTest, LeavesAnExistingFileAlone) {
  const std::string path = FileOf("mine");
  EXPECT_THAT(WriteSafetensors(FileSystem::Posix(), path, {}, {}, false),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(path)));
  EXPECT_EQ(Content(path), "mine");
}

TEST(WriteSafetensorsTest, RemovesATornFile) {
  const std::string bytes(3'000'000, 'x');
  const std::vector<TensorBytes> tensors = {{"a", DType::kU8, {3'000'000}, bytes}};
  for (const Fault::Effect effect : {Fault::Effect::kTorn, Fault::Effect::kRefused, Fault::Effect::kShort}) {
    std::string path;
    const int faults = ForEachFault(
        {.operations = {FileOperation::kWrite, FileOperation::kSync, FileOperation::kClose},
         .error = ENOSPC,
         .effect = effect},
        [&] { path = NewPath(); },
        [&](FileSystem& fs) { return WriteSafetensors(fs, path, tensors, {}, false).status(); },
        [&](FaultyFileSystem& fs, const absl::Status& status) {
          if (status.ok()) {
            ASSERT_OK_AND_ASSIGN(const auto reader, SafetensorsReader::Open(fs, path));
            EXPECT_EQ(reader->file_size(), 3'000'080);
          } else {
            EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr(path)));
            EXPECT_FALSE(*Exists(fs, path));
          }
        });
    EXPECT_GE(faults, 5);  // three pieces, syncing, closing
  }
}

absl::Status OpenError(absl::string_view bytes) {
  static const std::string path = NewPath();
  FileOf(bytes, path);
  const absl::Status status = SafetensorsReader::Open(FileSystem::Posix(), path).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  return status;
}

TEST(SafetensorsReaderTest, RefusesABadLength) {
  EXPECT_THAT(OpenError(""), IsDamage("it has 0 bytes"));
  EXPECT_THAT(OpenError("\2\1\1"), IsDamage("it has 3 bytes"));
  EXPECT_THAT(OpenError(absl::string_view("\3\0\0\0\0\0\0\0{}", 10)), IsDamage("has 3 bytes, but only 2 are there"));
  EXPECT_THAT(OpenError(absl::string_view("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF{}", 10)),
              IsDamage("a header of 18446744073709551615 bytes"));
  // 100,000,001
  EXPECT_THAT(OpenError(absl::string_view("\x01\xE1\xF5\x05\0\0\0\0{}", 10)), IsDamage("a header of 100000001 bytes"));
  EXPECT_THAT(OpenError(absl::string_view("\0\0\0\0\0\0\0\0", 8)), IsDamage("does not begin with {"));
  EXPECT_THAT(SafetensorsReader::Open(FileSystem::Posix(), NewPath()),
              StatusIs(absl::StatusCode::kNotFound, testing::_));
}

TEST(SafetensorsReaderTest, AFileCutOrLengthenedIsRefused) {
  const std::string whole = absl::HexStringToBytes(kPythonHex);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(OpenError(absl::string_view(whole).substr(0, size)), IsDamage("")) << size;
  }
  EXPECT_THAT(OpenError(whole + "x"), IsDamage("the tensors cover 23 bytes, but 24 stand behind the header"));
}

// As a reader the header was good, then the file was cut.
TEST(SafetensorsReaderTest, AFileThatGetsShorterIsAnError) {
  const std::string path = FileOf(absl::HexStringToBytes(kPythonHex));
  ASSERT_OK_AND_ASSIGN(const auto reader, SafetensorsReader::Open(FileSystem::Posix(), path));
  ASSERT_EQ(truncate(path.c_str(), 290), 0);
  char buffer[16];
  EXPECT_THAT(reader->Read(*reader->Find("b"), buffer), IsDamage(path));
  EXPECT_THAT(reader->ReadAll([](const TensorEntry&) { return nullptr; }), IsDamage(path));
}

TEST(SafetensorsTest, EveryFlippedBitIsFound) {
  const std::string whole = absl::HexStringToBytes(kPythonHex);
  const std::string path = NewPath();
  for (size_t i = 0; i < whole.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[i] = static_cast<char>(flipped[i] ^ 1 << bit);
      const auto reader = SafetensorsReader::Open(FileSystem::Posix(), FileOf(flipped, path));
      if (!reader.ok()) {
        EXPECT_EQ(reader.status().code(), absl::StatusCode::kDataLoss) << i << " " << reader.status();
        continue;
      }
      // What the header's rules cannot tell, the digest does.
      ASSERT_OK_AND_ASSIGN(const FileDigest digest, (*reader)->ReadAll([](const TensorEntry&) { return nullptr; }));
      EXPECT_NE(digest.hex, kPythonXxh3) << i;
      // So do those of the header and of each tensor, together.
      bool changed = (*reader)->header_xxh3() != kPythonHeaderXxh3;
      for (size_t t = 0; t < (*reader)->tensors().size(); ++t) {
        ASSERT_OK_AND_ASSIGN(const std::string tensor, (*reader)->Read((*reader)->tensors()[t], nullptr));
        changed = changed || tensor != kPythonTensorXxh3[t];
      }
      EXPECT_TRUE(changed) << i;
    }
  }
}

}  // namespace
}  // namespace baton
