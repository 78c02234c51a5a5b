#ifndef BATON_BASE_SAFETENSORS_H_
#define BATON_BASE_SAFETENSORS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/digest.h"
#include "base/file_system.h"
#include "base/files.h"

namespace baton {

// The safetensors format (https://github.com/huggingface/safetensors), free of torch. Reading enforces every rule of
// the format: header length, UTF-8 JSON, no duplicate keys, known types, contiguous ranges that cover the buffer
// exactly, sizes equal to shape times type with overflow checked. Nothing read is executed or trusted.

// Longest header that the format allows, in bytes.
inline constexpr uint64_t kMaxSafetensorsHeader = 100'000'000;

// In the order of the format's own list, which decides the order in which tensors are written.
enum class DType { kBool, kU8, kI8, kF8E5M2, kF8E4M3, kI16, kU16, kF16, kBF16, kI32, kU32, kF32, kF64, kI64, kU64 };

// "F32" and so on, as the format spells it.
absl::string_view DTypeName(DType dtype);
// DataLoss, naming it, for a type that does not exist or that Baton does not read (those below a byte, for instance).
absl::StatusOr<DType> ParseDType(absl::string_view name);
// Bytes of an element.
int DTypeSize(DType dtype);

// Bytes of a whole tensor. InvalidArgument: a negative dimension, or more bytes than 64 bits count.
absl::StatusOr<uint64_t> TensorByteSize(DType dtype, const std::vector<int64_t>& shape);

// One tensor of a file's header. Bytes are little-endian, C order.
struct TensorEntry {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  // Range in the file's buffer, which begins behind the header.
  uint64_t begin = 0;
  uint64_t end = 0;
};

// A tensor in memory that torch knows nothing of, with bytes of its own.
struct HostTensor {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  std::string bytes;
};

struct SafetensorsHeader {
  std::vector<TensorEntry> tensors;  // by begin, those without bytes before the one that begins there
  std::map<std::string, std::string> metadata;
};

// Parses the JSON of a header. `buffer_size` is the number of bytes behind it. DataLoss names the tensor and the rule.
// Stricter than the format's own library: a duplicate key and a field that the format does not know are refused.
absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(absl::string_view json, uint64_t buffer_size);

// A tensor to write; `bytes` is owned by the caller.
struct TensorBytes {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  absl::string_view bytes;
};

// What a written or read tensor's bytes are.
struct TensorDigest {
  std::string name;
  std::string xxh3;
};

struct SafetensorsDigests {
  uint64_t size_bytes = 0;
  // Of the bytes before those of the tensors. With `tensors` it covers every byte of the file.
  std::string header_xxh3;
  std::vector<TensorDigest> tensors;
  // Of the whole file; empty unless asked for.
  std::string xxh3;
  std::string sha256;
};

// Writes a new file (which must not exist), fsynced, in the format's canonical order (type descending, then name): the
// same tensors give the same bytes, those that the Python library writes. Returns the digests of what was written, of
// the tensors in that order, computed on the way; the file's
// own only with `with_file_digests`. On error the file is removed; AlreadyExists leaves what was there.
// InvalidArgument: a duplicate name, "__metadata__" as a name, text that is not UTF-8, a header that is too long, or
// bytes that do not fit the shape.
absl::StatusOr<SafetensorsDigests> WriteSafetensors(FileSystem& fs, const std::string& path,
                                                    std::vector<TensorBytes> tensors,
                                                    const std::map<std::string, std::string>& metadata,
                                                    bool with_file_digests);

// Reads one file. Thread-safe.
class SafetensorsReader {
 public:
  // Reads and checks the header.
  static absl::StatusOr<std::unique_ptr<SafetensorsReader>> Open(FileSystem& fs, const std::string& path);

  const std::vector<TensorEntry>& tensors() const { return header_.tensors; }
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }
  uint64_t file_size() const { return file_->size(); }
  // Of the bytes before those of the tensors, as they were read.
  const std::string& header_xxh3() const { return header_xxh3_; }
  // Null if there is none of this name.
  const TensorEntry* Find(absl::string_view name) const;

  // Copies a tensor's bytes to `destination`, which has room for entry.end - entry.begin bytes, and returns the XXH3 of
  // what was copied. To null: only that.
  absl::StatusOr<std::string> Read(const TensorEntry& entry, void* destination) const;

  // Reads the whole file once, each tensor to the address that `destination(entry)` gives (null: the bytes are only
  // digested), and returns the XXH3 of the whole file as it was read.
  absl::StatusOr<FileDigest> ReadAll(const std::function<void*(const TensorEntry&)>& destination) const;

 private:
  SafetensorsReader(std::unique_ptr<FileReader> file, std::string preamble, SafetensorsHeader header);
  // Copies a range of the file, digesting it on the way. To null: only that.
  absl::Status ReadRange(uint64_t begin, uint64_t end, char* destination, Digester& digester) const;

  const std::unique_ptr<FileReader> file_;
  const std::string preamble_;  // all bytes before those of the tensors
  const std::string header_xxh3_;
  const SafetensorsHeader header_;
};

}  // namespace baton

#endif  // BATON_BASE_SAFETENSORS_H_
