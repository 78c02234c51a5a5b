#include "base/safetensors.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/errors.h"
#include "base/status_matchers.h"

namespace baton {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string NewPath() {
  static int count = 0;
  return absl::StrCat(testing::TempDir(), "/safetensors_test-", count++, ".safetensors");
}

std::string Content(const std::string& path) {
  const absl::StatusOr<std::string> content = ReadFile(FileSystem::Posix(), path);
  EXPECT_THAT(content, IsOk());
  return content.value_or("");
}

// A file of these bytes, in place of what is at `path`.
std::string FileOf(absl::string_view bytes, const std::string& path = NewPath()) {
  // Not durable, since syncing thousands of files takes long.
  std::ofstream(path, std::ios::binary).write(bytes.data(), bytes.size());
  return path;
}

std::string FloatBytes(std::vector<float> values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

// Files made by the Python library, safetensors 0.8.0, with numpy 2.4.6; SHA-256 by hashlib, XXH3-128 by xxhash.
//
// safetensors.numpy.save({"b": np.arange(3, dtype=np.float32), "a": np.zeros((0, 2), np.float32), "s": np.array(1.5),
//     'q"\\\n\x01\x7fé': np.array([True, False, True])}, {"k": "v\n"}).hex()
const char kPythonHex[] =
    "08010000000000007b225f5f6d657461646174615f5f223a7b226b223a22765c6e227d2c2273223a7b226474797065223a22463634222c2273"
    "68617065223a5b5d2c22646174615f6f666673657473223a5b302c385d7d2c2261223a7b226474797065223a22463332222c22736861706522"
    "3a5b302c325d2c22646174615f6f666673657473223a5b382c385d7d2c2262223a7b226474797065223a22463332222c227368617065223a5b"
    "335d2c22646174615f6f666673657473223a5b382c32305d7d2c22715c225c5c5c6e5c75303030317fc3a9223a7b226474797065223a22424f"
    "4f4c222c227368617065223a5b335d2c22646174615f6f666673657473223a5b32302c32335d7d7d20202020000000000000f83f0000000000"
    "00803f00000040010001";
const char kOddName[] = "q\"\\\n\x01\x7F\xC3\xA9";

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
                       {{"k", "v\n"}}, /*with_sha256=*/true));
  EXPECT_EQ(absl::BytesToHexString(Content(path)), kPythonHex);
  EXPECT_EQ(digests.size_bytes, 295);
  EXPECT_EQ(digests.sha256, "f8ec923a9416c6fb249c841fcf7affea876c46afd6ff5087c3f0d14388caef6a");
  EXPECT_EQ(digests.xxh3, "7abcd0f116f3f4a96310b369e630c945");
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
  ASSERT_EQ(reader->tensors().size(), 4);

  const TensorEntry& s = reader->tensors()[0];
  EXPECT_EQ(s.name, "s");
  EXPECT_EQ(s.dtype, DType::kF64);
  EXPECT_TRUE(s.shape.empty());
  double s_value = 0;
  EXPECT_THAT(reader->Read(s, &s_value), IsOk());
  EXPECT_EQ(s_value, 1.5);

  const TensorEntry& a = reader->tensors()[1];
  EXPECT_EQ(a.name, "a");
  EXPECT_THAT(a.shape, ElementsAre(0, 2));
  EXPECT_THAT(reader->Read(a, nullptr), IsOk());

  const TensorEntry* const b = reader->Find("b");
  ASSERT_EQ(b, &reader->tensors()[2]);
  EXPECT_EQ(b->dtype, DType::kF32);
  EXPECT_THAT(b->shape, ElementsAre(3));
  EXPECT_EQ(b->begin, 8);
  EXPECT_EQ(b->end, 20);
  float b_values[3] = {};
  EXPECT_THAT(reader->Read(*b, b_values), IsOk());
  EXPECT_THAT(b_values, ElementsAre(0, 1, 2));

  EXPECT_EQ(reader->tensors()[3].name, kOddName);
  EXPECT_EQ(reader->Find("c"), nullptr);
}

TEST(SafetensorsTest, ReadAllFillsAndDigests) {
  const std::string path = FileOf(absl::HexStringToBytes(kPythonHex));
  ASSERT_OK_AND_ASSIGN(const auto reader, SafetensorsReader::Open(FileSystem::Posix(), path));
  float b_values[3] = {};
  char flags[3] = {};
  ASSERT_OK_AND_ASSIGN(const SafetensorsDigests digests, reader->ReadAll([&](const TensorEntry& entry) -> void* {
    if (entry.name == "b") return b_values;
    return entry.name == kOddName ? flags : nullptr;
  }));
  EXPECT_THAT(b_values, ElementsAre(0, 1, 2));
  EXPECT_THAT(flags, ElementsAre(1, 0, 1));
  EXPECT_EQ(digests.size_bytes, 295);
  EXPECT_EQ(digests.xxh3, "7abcd0f116f3f4a96310b369e630c945");
  EXPECT_EQ(digests.sha256, "");
  ASSERT_EQ(digests.tensors.size(), 4);
  EXPECT_EQ(digests.tensors[0].xxh3, "8e19d0c57481c05d6d22fe9c07fa4107");  // "s", which went nowhere
  EXPECT_EQ(digests.tensors[2].xxh3, "e4e8b64d2ffcf806c3ca633d67782175");
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
  ASSERT_OK_AND_ASSIGN(const SafetensorsDigests read, reader->ReadAll([&](const TensorEntry& entry) -> void* {
    return entry.name == "big" ? copy.data() : nullptr;
  }));
  EXPECT_EQ(copy, big);
  EXPECT_EQ(read.xxh3, written.xxh3);
  EXPECT_EQ(read.tensors[0].xxh3, written.tensors[0].xxh3);
  EXPECT_EQ(read.tensors[1].xxh3, "9434532106a7c141c920d2347a85929b");
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

// The disk is full after `room` bytes, or the disk does not sync.
class BadDisk : public FileSystem {
 public:
  BadDisk(int64_t room, bool syncs) : room_(room), syncs_(syncs) {}
  int64_t Write(int fd, const void* data, size_t size) override {
    if (room_ == 0) return -ENOSPC;
    const int64_t written = FileSystem::Write(fd, data, std::min<size_t>(size, room_));
    if (written > 0) room_ -= written;
    return written;
  }
  int Sync(int fd) override { return syncs_ ? FileSystem::Sync(fd) : -EIO; }

 private:
  int64_t room_;
  const bool syncs_;
};

TEST(WriteSafetensorsTest, RemovesATornFile) {
  const std::string bytes(3'000'000, 'x');
  for (const int64_t room : {0, 10, 1'500'000, 3'000'079}) {
    BadDisk disk(room, true);
    const std::string path = NewPath();
    EXPECT_THAT(WriteSafetensors(disk, path, {{"a", DType::kU8, {3'000'000}, bytes}}, {}, false),
                StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr(path)));
    EXPECT_FALSE(*Exists(disk, path));
  }
  BadDisk disk(1 << 30, false);
  const std::string path = NewPath();
  EXPECT_EQ(ExitCode(WriteSafetensors(disk, path, {}, {}, false).status()), 74);
  EXPECT_FALSE(*Exists(disk, path));
}

absl::Status OpenError(absl::string_view bytes) {
  static const std::string path = NewPath();
  FileOf(bytes, path);
  const absl::Status status = SafetensorsReader::Open(FileSystem::Posix(), path).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  return status;
}

MATCHER_P(IsDamage, text, "") {
  return testing::ExplainMatchResult(StatusIs(absl::StatusCode::kDataLoss, HasSubstr(std::string(text))), arg,
                                     result_listener);
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

absl::Status HeaderError(absl::string_view json, uint64_t buffer_size = 8) {
  return ParseSafetensorsHeader(json, buffer_size).status();
}

TEST(ParseSafetensorsHeaderTest, TakesWhatTheFormatAllows) {
  // Fields in any order, spaces, escapes, tensors in any order, a scalar, a dimension of 0 at both ends and between.
  ASSERT_OK_AND_ASSIGN(
      const SafetensorsHeader header,
      ParseSafetensorsHeader(
          R"({ "z": {"data_offsets": [8, 8], "shape": [3, 0], "dtype": "F64"}, "\u00e9\ud83d\ude00": {"dtype":"F32",
             "shape":[],"data_offsets":[4,8]}, "m":{"dtype":"I8","shape":[0],"data_offsets":[4,4]},
             "b":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},
             "__metadata__":{"":"","dtype":"x"}}      )",
          8));
  std::vector<std::string> names;
  for (const TensorEntry& tensor : header.tensors) names.push_back(tensor.name);
  EXPECT_THAT(names, ElementsAre("a", "b", "m", "\xC3\xA9\xF0\x9F\x98\x80", "z"));
  EXPECT_THAT(header.metadata, ElementsAre(Pair("", ""), Pair("dtype", "x")));
  EXPECT_THAT(header.tensors[4].shape, ElementsAre(3, 0));
  EXPECT_THAT(HeaderError("{}", 0), IsOk());
  EXPECT_THAT(HeaderError(R"({"__metadata__":{}})", 0), IsOk());
}

TEST(ParseSafetensorsHeaderTest, RefusesWhatIsNoStrictJson) {
  for (const char* bad : {"{", "{}x", "{}{}", "{,}", "{\"a\"}", "{} // comment", "{\"a\":nan}", "{'a':1}",
                          "{\"a\":{\"dtype\":\"U8\",}}", "{\"__metadata__\":{\"a\":\"\x01\"}}",
                          "{\"__metadata__\":{\"a\":\"\\x\"}}", "{\"__metadata__\":{\"a\":\"\\ud800\"}}"}) {
    EXPECT_THAT(HeaderError(bad, 0), IsDamage("no well-formed JSON")) << bad;
  }
  for (const char* bad : {"\xFF", "\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    EXPECT_THAT(HeaderError(absl::StrCat("{\"__metadata__\":{\"a\":\"", bad, "\"}}"), 0), IsDamage("UTF-8"));
    EXPECT_THAT(HeaderError(absl::StrCat("{\"__metadata__\":{\"", bad, "\":\"a\"}}"), 0), IsDamage("UTF-8"));
  }
  for (const char* bad : {"", " {}", "[]", "\xEF\xBB\xBF{}", "null", "1"}) {
    EXPECT_THAT(HeaderError(bad, 0), IsDamage("does not begin with {")) << bad;
  }
  EXPECT_THAT(HeaderError(absl::string_view("{}\0\0", 4), 0), IsDamage("NUL"));
  EXPECT_THAT(HeaderError("{}" + std::string(99'999'999, ' '), 0), IsDamage("100000001 bytes"));
  EXPECT_THAT(HeaderError("{}" + std::string(99'999'998, ' '), 0), IsOk());
}

TEST(ParseSafetensorsHeaderTest, RefusesDuplicateKeys) {
  EXPECT_THAT(HeaderError(R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},
                              "\u0061":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})"),
              IsDamage("the key \"a\" stands there twice"));
  EXPECT_THAT(HeaderError(R"({"__metadata__":{},"__metadata__":{}})", 0),
              IsDamage("\"__metadata__\" stands there twice"));
  EXPECT_THAT(HeaderError(R"({"__metadata__":{"k":"1","k":"1"}})", 0),
              IsDamage("__metadata__: the key \"k\" stands there twice"));
  EXPECT_THAT(HeaderError(R"({"a":{"dtype":"U8","dtype":"U8","shape":[8],"data_offsets":[0,8]}})"),
              IsDamage("tensor \"a\": the key \"dtype\" stands there twice"));
}

TEST(ParseSafetensorsHeaderTest, RefusesAnythingOfAnotherShape) {
  // A value for "a" and what is said of it.
  for (const auto& [value, text] : std::vector<std::pair<std::string, std::string>>{
           {"3", "\"a\" is a number, not an object"},
           {"null", "\"a\" is null"},
           {"true", "\"a\" is a boolean"},
           {"\"x\"", "\"a\" is a string"},
           {"[1]", "\"a\" is an array"},
           {"{}", "tensor \"a\": dtype is missing"},
           {R"({"dtype":"U8","data_offsets":[0,8]})", "tensor \"a\": shape is missing"},
           {R"({"dtype":"U8","shape":[8]})", "tensor \"a\": data_offsets is missing"},
           {R"({"dtype":1,"shape":[8],"data_offsets":[0,8]})", "dtype is a number, not a string"},
           {R"({"dtype":["U8"],"shape":[8],"data_offsets":[0,8]})", "dtype is an array, not a string"},
           {R"({"dtype":{},"shape":[8],"data_offsets":[0,8]})", "dtype is an object, not a string"},
           {R"({"dtype":"U8","shape":8,"data_offsets":[0,8]})", "shape is a number, not an array"},
           {R"({"dtype":"U8","shape":null,"data_offsets":[0,8]})", "shape is null, not an array"},
           {R"({"dtype":"U8","shape":["8"],"data_offsets":[0,8]})", "shape holds a string"},
           {R"({"dtype":"U8","shape":[[8]],"data_offsets":[0,8]})", "shape holds an array"},
           {R"({"dtype":"U8","shape":[{}],"data_offsets":[0,8]})", "shape holds an object"},
           {R"({"dtype":"U8","shape":[-8],"data_offsets":[0,8]})", "shape holds a negative number"},
           {R"({"dtype":"U8","shape":[8.0],"data_offsets":[0,8]})", "shape holds a number that is no 64-bit integer"},
           {R"({"dtype":"U8","shape":[8e0],"data_offsets":[0,8]})", "shape holds a number that is no 64-bit integer"},
           {R"({"dtype":"U8","shape":[8],"data_offsets":[0,99999999999999999999]})",
            "data_offsets holds a number that is no 64-bit integer"},
           {R"({"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,8]})", "does not fit 63 bits"},
           {R"({"dtype":"U8","shape":[8],"data_offsets":[0]})", "data_offsets are not two numbers"},
           {R"({"dtype":"U8","shape":[8],"data_offsets":[0,8,8]})", "data_offsets are not two numbers"},
           {R"({"dtype":"U8","shape":[8],"data_offsets":[0,8],"strides":[1]})", "unknown field \"strides\""},
           {R"({"dtype":"F4","shape":[16],"data_offsets":[0,8]})", "type F4 is smaller than a byte"},
           {R"({"dtype":"F6_E2M3","shape":[8],"data_offsets":[0,6]})", "type F6_E2M3 is smaller than a byte"},
           {R"({"dtype":"F6_E3M2","shape":[8],"data_offsets":[0,6]})", "type F6_E3M2 is smaller than a byte"},
           {R"({"dtype":"f32","shape":[2],"data_offsets":[0,8]})", "type \"f32\" is not supported"},
           {R"({"dtype":"C64","shape":[1],"data_offsets":[0,8]})", "type \"C64\" is not supported"},
       }) {
    EXPECT_THAT(HeaderError(absl::StrCat("{\"a\":", value, "}")), IsDamage(text)) << value;
  }
  EXPECT_THAT(HeaderError(R"({"__metadata__":{"k":1}})", 0), IsDamage("__metadata__: \"k\" is a number, not a string"));
  EXPECT_THAT(HeaderError(R"({"__metadata__":{"k":{}}})", 0), IsDamage("\"k\" is an object, not a string"));
  EXPECT_THAT(HeaderError(R"({"__metadata__":{"k":null}})", 0), IsDamage("\"k\" is null"));
  EXPECT_THAT(HeaderError(R"({"__metadata__":"k"})", 0), IsDamage("\"__metadata__\" is a string, not an object"));
  EXPECT_THAT(HeaderError(R"({"__metadata__":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})"),
              IsDamage("__metadata__: \"shape\" is an array, not a string"));
  // However deep it nests, it ends at the first level that does not belong there.
  EXPECT_THAT(HeaderError("{\"a\":" + std::string(10'000'000, '[')), IsDamage("\"a\" is an array"));
  EXPECT_THAT(HeaderError("{\"a\":{\"shape\":" + std::string(10'000'000, '[')), IsDamage("shape holds an array"));
}

TEST(ParseSafetensorsHeaderTest, RefusesRangesThatDoNotCoverTheBuffer) {
  const auto two = [](const char* first, const char* second) {
    return HeaderError(absl::StrCat(R"({"a":{"dtype":"U8",)", first, R"(},"b":{"dtype":"U8",)", second, "}}"));
  };
  EXPECT_THAT(two(R"("shape":[4],"data_offsets":[0,4])", R"("shape":[4],"data_offsets":[4,8])"), IsOk());
  EXPECT_THAT(two(R"("shape":[4],"data_offsets":[0,4])", R"("shape":[3],"data_offsets":[5,8])"),
              IsDamage("tensor \"b\" at [5, 8): there is a gap"));
  EXPECT_THAT(two(R"("shape":[4],"data_offsets":[0,4])", R"("shape":[5],"data_offsets":[3,8])"),
              IsDamage("tensor \"b\" at [3, 8): it overlaps"));
  EXPECT_THAT(two(R"("shape":[8],"data_offsets":[0,8])", R"("shape":[8],"data_offsets":[0,8])"), IsDamage("overlaps"));
  EXPECT_THAT(two(R"("shape":[8],"data_offsets":[0,8])", R"("shape":[0],"data_offsets":[4,4])"), IsDamage("overlaps"));
  EXPECT_THAT(two(R"("shape":[4],"data_offsets":[0,4])", R"("shape":[3],"data_offsets":[4,7])"),
              IsDamage("the tensors cover 7 bytes, but 8 stand behind the header"));
  EXPECT_THAT(two(R"("shape":[4],"data_offsets":[0,4])", R"("shape":[5],"data_offsets":[4,9])"),
              IsDamage("the file has 8 bytes of tensors"));
  EXPECT_THAT(two(R"("shape":[3],"data_offsets":[1,4])", R"("shape":[4],"data_offsets":[4,8])"),
              IsDamage("tensor \"a\" at [1, 4): there is a gap"));
  EXPECT_THAT(two(R"("shape":[4],"data_offsets":[4,0])", R"("shape":[8],"data_offsets":[0,8])"),
              IsDamage("ends before it begins"));
  EXPECT_THAT(HeaderError("{}", 1), IsDamage("the tensors cover 0 bytes, but 1 stand"));
}

TEST(ParseSafetensorsHeaderTest, RefusesSizesThatDoNotFit) {
  const auto one = [](const char* dtype, const char* shape) {
    return HeaderError(absl::StrCat(R"({"a":{"dtype":")", dtype, R"(","shape":)", shape, R"(,"data_offsets":[0,8]}})"));
  };
  EXPECT_THAT(one("F32", "[2]"), IsOk());
  EXPECT_THAT(one("F64", "[]"), IsOk());
  EXPECT_THAT(one("F32", "[3]"), IsDamage("type F32 and shape [3] take 12 bytes"));
  EXPECT_THAT(one("F32", "[0]"), IsDamage("take 0 bytes"));
  EXPECT_THAT(one("BF16", "[2,1,1]"), IsDamage("type BF16 and shape [2, 1, 1] take 4 bytes"));
  // 2^32 * 2^32 and 8 * (2^61 + 1) are 0 and 8 modulo 2^64.
  EXPECT_THAT(one("U8", "[4294967296,4294967296]"), IsDamage("more bytes than 64 bits count"));
  EXPECT_THAT(one("F64", "[2305843009213693953]"), IsDamage("more bytes than 64 bits count"));
  EXPECT_THAT(one("U8", "[4294967296,4294967296,0]"), IsDamage("more bytes than 64 bits count"));
}

TEST(ParseSafetensorsHeaderTest, MessagesStayShortAndUtf8) {
  const std::string name(1'000'000, 'n');
  const absl::Status status = HeaderError(absl::StrCat("{\"", name, "\":1}"));
  EXPECT_LT(status.message().size(), 400);
  EXPECT_LT(HeaderError(absl::StrCat("{\"", name)).message().size(), 400);
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
      ASSERT_OK_AND_ASSIGN(const SafetensorsDigests digests,
                           (*reader)->ReadAll([](const TensorEntry&) { return nullptr; }));
      EXPECT_NE(digests.xxh3, "7abcd0f116f3f4a96310b369e630c945") << i;
    }
  }
}

}  // namespace
}  // namespace baton
