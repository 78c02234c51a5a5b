// SafetensorsReader and ParseSafetensorsHeader, on a file of any bytes. What they read is written again as it was.

#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/safetensors.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/memory_file_system.h"

namespace baton {
namespace {

constexpr char kFile[] = "/model.safetensors";

struct Contents {
  std::vector<HostTensor> tensors;
  std::map<std::string, std::string> metadata;
  FileDigest digest;
};

Contents ReadContents(const SafetensorsReader& reader) {
  Contents contents;
  contents.metadata = reader.metadata();
  for (const TensorEntry& entry : reader.tensors()) {
    contents.tensors.push_back({entry.name, entry.dtype, entry.shape, std::string(entry.end - entry.begin, '\0')});
    Require(reader.Find(entry.name) == &entry, "a tensor is found by its name");
  }
  size_t next = 0;
  const absl::StatusOr<FileDigest> digest =
      reader.ReadAll([&](const TensorEntry&) { return contents.tensors[next++].bytes.data(); });
  Require(digest.ok(), absl::StrCat("a file whose header fits is read: ", digest.status().ToString()));
  contents.digest = *digest;
  for (size_t i = 0; i < contents.tensors.size(); ++i) {
    std::string bytes(contents.tensors[i].bytes.size(), '\0');
    const absl::StatusOr<std::string> alone = reader.Read(reader.tensors()[i], bytes.data());
    Require(alone.ok(), "each tensor is read alone");
    Require(bytes == contents.tensors[i].bytes, "a tensor has the same bytes read alone");
    Require(*alone == Xxh3Hex(bytes), "a tensor's digest is that of its bytes");
  }
  return contents;
}

SafetensorsDigests Write(FileSystem& fs, const std::string& file, const Contents& contents) {
  std::vector<TensorBytes> tensors;
  for (const HostTensor& tensor : contents.tensors) {
    tensors.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.bytes});
  }
  const absl::StatusOr<SafetensorsDigests> written =
      WriteSafetensors(fs, file, std::move(tensors), contents.metadata, /*with_file_digests=*/true);
  Require(written.ok(), absl::StrCat("what was read can be written: ", written.status().ToString()));
  return *written;
}

void RequireSame(const Contents& a, const Contents& b) {
  Require(a.metadata == b.metadata && a.tensors.size() == b.tensors.size(), "the same metadata and tensors are read");
  std::map<std::string, const HostTensor*> by_name;
  for (const HostTensor& tensor : b.tensors) by_name[tensor.name] = &tensor;
  for (const HostTensor& tensor : a.tensors) {
    const HostTensor* const other = by_name[tensor.name];
    Require(other != nullptr && tensor.dtype == other->dtype && tensor.shape == other->shape &&
                tensor.bytes == other->bytes,
            "the same tensor is read");
  }
}

void TestFile(absl::string_view bytes) {
  MemoryFileSystem fs;
  fs.Add(kFile, bytes);
  const auto reader = SafetensorsReader::Open(fs, kFile);
  if (!reader.ok()) return RequireGoodError(reader.status(), kFile);
  const Contents contents = ReadContents(**reader);
  Require(contents.digest.hex == Xxh3Hex(bytes) && contents.digest.size_bytes == bytes.size(),
          "the file's digest is that of its bytes");
  const SafetensorsDigests written = Write(fs, "/again.safetensors", contents);
  const auto again = SafetensorsReader::Open(fs, "/again.safetensors");
  Require(again.ok(), "what was written is read");
  const Contents same = ReadContents(**again);
  RequireSame(contents, same);
  Require(Write(fs, "/third.safetensors", same).xxh3 == written.xxh3, "the same tensors give the same bytes");
  NoteAccepted();
}

std::string Written(const Contents& contents) {
  MemoryFileSystem fs;
  Write(fs, kFile, contents);
  return *ReadFile(fs, kFile);
}

}  // namespace

std::vector<std::string> Seeds() {
  Contents all_types;
  all_types.metadata = {{"format", "pt"}, {"\xc3\xa4", "\"\n"}};
  for (const char* const name : {"BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "I16", "U16", "F16", "BF16", "I32", "U32",
                                 "F32", "F64", "I64", "U64"}) {
    const DType dtype = *ParseDType(name);
    all_types.tensors.push_back({name, dtype, {2, 1}, std::string(2 * DTypeSize(dtype), '\1')});
  }
  Contents odd_shapes;
  odd_shapes.tensors = {{"scalar", DType::kF32, {}, "abcd"},
                        {"none", DType::kF32, {0, 3}, ""},
                        {"a/b \"c\"", DType::kI64, {1, 1, 1}, "12345678"}};
  return {Written({}), Written(all_types), Written(odd_shapes)};
}

void TestInput(absl::string_view input) {
  TestFile(input);
  // As a header alone, which libFuzzer need not give a length.
  const std::string length = {static_cast<char>(input.size() & 0xff), static_cast<char>(input.size() >> 8)};
  TestFile(absl::StrCat(length, std::string(6, '\0'), input));
}

}  // namespace baton
