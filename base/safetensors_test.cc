// safetensors against the bytes that the Python library writes.
#include "base/safetensors.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/testing/safetensors_testing.h"

namespace baton {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::string FloatBytes(std::vector<float> values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

TEST(SafetensorsTest, WritesTheBytesThatPythonWrites) {
  const double s = 1.5;
  const std::string path = NewPath();
  const std::string b = FloatBytes({0, 1, 2});
  ASSERT_OK_AND_ASSIGN(
      const SafetensorsDigests digests,
      WriteSafetensors(FileSystem::Posix(), path,
                       {{"b", DType::kF32, {3}, b},
                        {kOddName, DType::kBool, {3}, absl::string_view("\1\0\1", 3)},
                        {"a", DType::kF32, {0, 2}, ""},
                        {"s", DType::kF64, {}, absl::string_view(reinterpret_cast<const char*>(&s), 8)}},
                       {{"k", "v\n"}}, /*with_file_digests=*/true));
  EXPECT_EQ(absl::BytesToHexString(Content(path)), kPythonHex);
  EXPECT_EQ(digests.size_bytes, 295);
  EXPECT_EQ(digests.sha256, "f8ec923a9416c6fb249c841fcf7affea876c46afd6ff5087c3f0d14388caef6a");
  EXPECT_EQ(digests.xxh3, kPythonXxh3);
  EXPECT_EQ(digests.header_xxh3, kPythonHeaderXxh3);
  ASSERT_EQ(digests.tensors.size(), 4);
  EXPECT_EQ(digests.tensors[0].name, "s");
  EXPECT_EQ(digests.tensors[0].xxh3, "8e19d0c57481c05d6d22fe9c07fa4107");
  EXPECT_EQ(digests.tensors[1].name, "a");
  EXPECT_EQ(digests.tensors[1].xxh3, "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(digests.tensors[2].name, "b");
  EXPECT_EQ(digests.tensors[2].xxh3, "e4e8b64d2ffcf806c3ca633d67782175");
  EXPECT_EQ(digests.tensors[3].name, kOddName);
  EXPECT_EQ(digests.tensors[3].xxh3, "b1a57916ac63a6bcaed946681f85b77a");
}

TEST(SafetensorsTest, ReadsWhatPythonWrites) {
  const std::string path = FileOf(absl::HexStringToBytes(kPythonHex));
  ASSERT_OK_AND_ASSIGN(const auto reader, SafetensorsReader::Open(FileSystem::Posix(), path));
  EXPECT_THAT(reader->metadata(), ElementsAre(Pair("k", "v\n")));
  EXPECT_EQ(reader->file_size(), 295);
  EXPECT_EQ(reader->header_xxh3(), kPythonHeaderXxh3);
  ASSERT_EQ(reader->tensors().size(), 4);

  const TensorEntry& s = reader->tensors()[0];
  EXPECT_EQ(s.name, "s");
  EXPECT_EQ(s.dtype, DType::kF64);
  EXPECT_TRUE(s.shape.empty());
  double s_value = 0;
  ASSERT_OK_AND_ASSIGN(std::string digest, reader->Read(s, &s_value));
  EXPECT_EQ(digest, "8e19d0c57481c05d6d22fe9c07fa4107");
  EXPECT_EQ(s_value, 1.5);

  const TensorEntry& a = reader->tensors()[1];
  EXPECT_EQ(a.name, "a");
  EXPECT_THAT(a.shape, ElementsAre(0, 2));
  ASSERT_OK_AND_ASSIGN(digest, reader->Read(a, nullptr));
  EXPECT_EQ(digest, "99aa06d3014798d86001c324468d497f") << "of no bytes";

  const TensorEntry* const b = reader->Find("b");
  ASSERT_EQ(b, &reader->tensors()[2]);
  EXPECT_EQ(b->dtype, DType::kF32);
  EXPECT_THAT(b->shape, ElementsAre(3));
  EXPECT_EQ(b->begin, 8);
  EXPECT_EQ(b->end, 20);
  float b_values[3] = {};
  ASSERT_OK_AND_ASSIGN(digest, reader->Read(*b, b_values));
  EXPECT_EQ(digest, "e4e8b64d2ffcf806c3ca633d67782175");
  EXPECT_THAT(b_values, ElementsAre(0, 1, 2));
  ASSERT_OK_AND_ASSIGN(digest, reader->Read(*b, nullptr));
  EXPECT_EQ(digest, "e4e8b64d2ffcf806c3ca633d67782175") << "read to nowhere";

  EXPECT_EQ(reader->tensors()[3].name, kOddName);
  EXPECT_EQ(reader->Find("c"), nullptr);
}

TEST(SafetensorsTest, ReadAllFillsAndDigests) {
  const std::string path = FileOf(absl::HexStringToBytes(kPythonHex));
  ASSERT_OK_AND_ASSIGN(const auto reader, SafetensorsReader::Open(FileSystem::Posix(), path));
  float b_values[3] = {};
  char flags[3] = {};
  ASSERT_OK_AND_ASSIGN(const FileDigest digest, reader->ReadAll([&](const TensorEntry& entry) -> void* {
    if (entry.name == "b") return b_values;
    return entry.name == kOddName ? flags : nullptr;
  }));
  EXPECT_THAT(b_values, ElementsAre(0, 1, 2));
  EXPECT_THAT(flags, ElementsAre(1, 0, 1));
  EXPECT_EQ(digest.size_bytes, 295);
  EXPECT_EQ(digest.hex, kPythonXxh3);
}

// Each of one element, the first bytes of 01 02 03 04 05 06 07 08:
// safetensors.serialize({name: TensorSpec(dtype=..., shape=[1], data_ptr=..., data_len=...) for all types})
const char kEveryTypeHeader[] =
    R"({"U64":{"dtype":"U64","shape":[1],"data_offsets":[0,8]},"I64":{"dtype":"I64","shape":[1],"data_offsets":[8,16]},)"
    R"("F64":{"dtype":"F64","shape":[1],"data_offsets":[16,24]},"F32":{"dtype":"F32","shape":[1],"data_offsets":[24,28]},)"
    R"("U32":{"dtype":"U32","shape":[1],"data_offsets":[28,32]},"I32":{"dtype":"I32","shape":[1],"data_offsets":[32,36]},)"
    R"("BF16":{"dtype":"BF16","shape":[1],"data_offsets":[36,38]},"F16":{"dtype":"F16","shape":[1],"data_offsets":[38,40]},)"
    R"("U16":{"dtype":"U16","shape":[1],"data_offsets":[40,42]},"I16":{"dtype":"I16","shape":[1],"data_offsets":[42,44]},)"
    R"("F8_E4M3":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[44,45]},)"
    R"("F8_E5M2":{"dtype":"F8_E5M2","shape":[1],"data_offsets":[45,46]},"I8":{"dtype":"I8","shape":[1],"data_offsets":[46,47]},)"
    R"("U8":{"dtype":"U8","shape":[1],"data_offsets":[47,48]},"BOOL":{"dtype":"BOOL","shape":[1],"data_offsets":[48,49]}}   )";

TEST(SafetensorsTest, EveryTypeLiesWherePythonPutsIt) {
  const absl::string_view bytes = "\1\2\3\4\5\6\7\x08";
  std::vector<TensorBytes> tensors;
  for (const char* name : {"BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "I16", "U16", "F16", "BF16", "I32", "U32", "F32",
                           "F64", "I64", "U64"}) {
    ASSERT_OK_AND_ASSIGN(const DType dtype, ParseDType(name));
    EXPECT_EQ(DTypeName(dtype), name);
    tensors.push_back({name, dtype, {1}, bytes.substr(0, DTypeSize(dtype))});
  }
  const std::string path = NewPath();
  ASSERT_THAT(WriteSafetensors(FileSystem::Posix(), path, tensors, {}, false), IsOk());
  const std::string content = Content(path);
  EXPECT_EQ(content.substr(0, 8), std::string("\x68\x03\0\0\0\0\0\0", 8));
  EXPECT_EQ(content.substr(8, 0x368), kEveryTypeHeader);
  EXPECT_EQ(Sha256Hex(content), "ec459c8ff6dcdec45b5cfe34bb7dc0952c5410cda52474a3f7ded410fd8b48b5");
  ASSERT_OK_AND_ASSIGN(const auto reader, SafetensorsReader::Open(FileSystem::Posix(), path));
  EXPECT_EQ(reader->tensors().size(), 15);
}

TEST(SafetensorsTest, AnEmptyFileIsTheFormatsOwn) {
  const std::string path = NewPath();
  ASSERT_OK_AND_ASSIGN(const SafetensorsDigests digests, WriteSafetensors(FileSystem::Posix(), path, {}, {}, false));
  // safetensors.numpy.save({}).hex()
  EXPECT_EQ(absl::BytesToHexString(Content(path)), "08000000000000007b7d202020202020");
  EXPECT_EQ(digests.sha256, "");
  EXPECT_EQ(digests.xxh3, "");
  ASSERT_OK_AND_ASSIGN(const auto reader, SafetensorsReader::Open(FileSystem::Posix(), path));
  EXPECT_TRUE(reader->tensors().empty());
}

// More than one piece, the last one not full.
TEST(SafetensorsTest, LargeTensors) {
  std::vector<uint32_t> big(3'000'000);
  for (uint32_t i = 0; i < big.size(); ++i) big[i] = i * 2654435761u;
  const std::string path = NewPath();
  // save({"big": np.arange(3_000_000, dtype=np.uint32) * np.uint32(2654435761), "small": np.arange(5, dtype=np.uint8)})
  ASSERT_OK_AND_ASSIGN(
      const SafetensorsDigests written,
      WriteSafetensors(
          FileSystem::Posix(), path,
          {{"small", DType::kU8, {5}, absl::string_view("\0\1\2\3\4", 5)},
           {"big", DType::kU32, {3'000'000}, absl::string_view(reinterpret_cast<const char*>(big.data()), 12'000'000)}},
          {}, true));
  EXPECT_EQ(written.size_bytes, 12'000'157);
  EXPECT_EQ(written.sha256, "f4304f4fde764c88602c3d1caf9f6c7e7a2a9f0e9307d7a680577106454bfb2f");
  EXPECT_EQ(written.xxh3, "174709a303bcdcab26d1e7accf9ff43b");
  EXPECT_EQ(written.tensors[0].xxh3, "3398066bf7c9b8f5cbd5a1f7230efc08");
  EXPECT_EQ(Sha256Hex(Content(path)), written.sha256);

  ASSERT_OK_AND_ASSIGN(const auto reader, SafetensorsReader::Open(FileSystem::Posix(), path));
  std::vector<uint32_t> copy(big.size());
  ASSERT_OK_AND_ASSIGN(const FileDigest read, reader->ReadAll([&](const TensorEntry& entry) -> void* {
    return entry.name == "big" ? copy.data() : nullptr;
  }));
  EXPECT_EQ(copy, big);
  EXPECT_EQ(read.hex, written.xxh3);
  copy.assign(copy.size(), 0);
  ASSERT_OK_AND_ASSIGN(std::string digest, reader->Read(*reader->Find("big"), copy.data()));
  EXPECT_EQ(copy, big);
  EXPECT_EQ(digest, written.tensors[0].xxh3);
  ASSERT_OK_AND_ASSIGN(digest, reader->Read(*reader->Find("small"), nullptr));
  EXPECT_EQ(digest, "9434532106a7c141c920d2347a85929b");
}

// Many small tensors are gathered, and pieces come in order.
TEST(SafetensorsTest, ManyTensorsAroundALargeOne) {
  std::vector<TensorBytes> tensors;
  const std::string large(2'500'000, 'x');
  const std::string small(1000, 'y');
  for (int i = 0; i < 3000; ++i) {
    const bool is_large = i == 1500;
    const std::string& bytes = is_large ? large : small;
    tensors.push_back({absl::StrCat(10000 + i), DType::kU8, {static_cast<int64_t>(bytes.size())}, bytes});
  }
  std::reverse(tensors.begin(), tensors.end());
  const std::string path = NewPath();
  ASSERT_OK_AND_ASSIGN(const SafetensorsDigests digests,
                       WriteSafetensors(FileSystem::Posix(), path, tensors, {}, true));
  const std::string content = Content(path);
  EXPECT_EQ(Sha256Hex(content), digests.sha256);
  EXPECT_EQ(Xxh3Hex(content), digests.xxh3);
  const std::string expected = std::string(1'500'000, 'y') + large + std::string(1'499'000, 'y');
  EXPECT_TRUE(content.substr(content.size() - expected.size()) == expected);
  EXPECT_THAT(SafetensorsReader::Open(FileSystem::Posix(), path), IsOk());
}

}  // namespace
}  // namespace baton
