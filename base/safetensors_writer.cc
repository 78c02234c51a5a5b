// WriteSafetensors of safetensors.h.

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/digest.h"
#include "base/safetensors.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "nlohmann/json.hpp"

namespace baton {
namespace {

// Small tensors are gathered into writes of this size, large ones written in pieces of it, which are still in the cache
// when they are digested and written.
constexpr size_t kPieceBytes = size_t{1} << 20;

absl::Status Check(const std::vector<TensorBytes>& tensors, const std::map<std::string, std::string>& metadata) {
  for (size_t i = 0; i < tensors.size(); ++i) {
    const TensorBytes& tensor = tensors[i];
    if (!IsUtf8(tensor.name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the tensor name \"", ReplaceInvalidUtf8(tensor.name), "\" is not UTF-8"));
    }
    const auto wrong = [&](absl::string_view rule) {
      return absl::InvalidArgumentError(absl::StrCat("tensor \"", tensor.name, "\": ", rule));
    };
    if (tensor.name == "__metadata__") return wrong("the format keeps this name for itself");
    const absl::StatusOr<uint64_t> size = TensorByteSize(tensor.dtype, tensor.shape);
    if (!size.ok()) return wrong(size.status().message());
    if (*size != tensor.bytes.size()) {
      return wrong(absl::StrCat("type ", DTypeName(tensor.dtype), " and shape [", absl::StrJoin(tensor.shape, ", "),
                                "] take ", *size, " bytes, not ", tensor.bytes.size()));
    }
  }
  std::vector<absl::string_view> names;
  for (const TensorBytes& tensor : tensors) names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) return absl::InvalidArgumentError(absl::StrCat("two tensors are named \"", *twice, "\""));
  for (const auto& [key, value] : metadata) {
    if (!IsUtf8(key) || !IsUtf8(value)) {
      return absl::InvalidArgumentError(absl::StrCat("metadata \"", ReplaceInvalidUtf8(key), "\" is not UTF-8"));
    }
  }
  return absl::OkStatus();
}

// Text that is UTF-8, as a JSON string.
std::string Quoted(const std::string& text) { return nlohmann::json(text).dump(); }

// The file up to the tensors' bytes: the header's length, the header, spaces up to a multiple of 8.
std::string Preamble(const std::vector<TensorBytes>& tensors, const std::map<std::string, std::string>& metadata) {
  std::vector<std::string> members;
  if (!metadata.empty()) {
    std::vector<std::string> pairs;
    for (const auto& [key, value] : metadata) pairs.push_back(absl::StrCat(Quoted(key), ":", Quoted(value)));
    members.push_back(absl::StrCat("\"__metadata__\":{", absl::StrJoin(pairs, ","), "}"));
  }
  uint64_t begin = 0;
  for (const TensorBytes& tensor : tensors) {
    const uint64_t end = begin + tensor.bytes.size();
    members.push_back(absl::StrCat(Quoted(tensor.name), ":{\"dtype\":\"", DTypeName(tensor.dtype), "\",\"shape\":[",
                                   absl::StrJoin(tensor.shape, ","), "],\"data_offsets\":[", begin, ",", end, "]}"));
    begin = end;
  }
  std::string json = absl::StrCat("{", absl::StrJoin(members, ","), "}");
  json.resize((json.size() + 7) / 8 * 8, ' ');
  std::string length(8, '\0');
  for (int i = 0; i < 8; ++i) length[i] = static_cast<char>(json.size() >> (8 * i) & 0xFF);
  return length + json;
}

// Hands the file on to the writer in pieces, digesting it as a whole if that is asked for.
class Output {
 public:
  Output(FileWriter& writer, bool with_file_digests) : writer_(writer) {
    if (!with_file_digests) return;
    xxh3_.emplace(DigestKind::kXxh3);
    sha256_.emplace(DigestKind::kSha256);
  }

  // At most a piece.
  absl::Status Append(absl::string_view bytes) {
    if (xxh3_.has_value()) xxh3_->Update(bytes);
    if (sha256_.has_value()) sha256_->Update(bytes);
    size_ += bytes.size();
    if (bytes.size() == kPieceBytes) {
      RETURN_IF_ERROR(Flush());
      return writer_.Append(bytes);
    }
    gathered_.append(bytes.data(), bytes.size());
    return gathered_.size() < kPieceBytes ? absl::OkStatus() : Flush();
  }

  absl::Status Finish(SafetensorsDigests& digests) {
    RETURN_IF_ERROR(Flush());
    digests.size_bytes = size_;
    if (xxh3_.has_value()) digests.xxh3 = xxh3_->Hex();
    if (sha256_.has_value()) digests.sha256 = sha256_->Hex();
    return writer_.Finish();
  }

 private:
  absl::Status Flush() {
    if (gathered_.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(writer_.Append(gathered_));
    gathered_.clear();
    return absl::OkStatus();
  }

  FileWriter& writer_;
  std::optional<Digester> xxh3_;
  std::optional<Digester> sha256_;
  uint64_t size_ = 0;
  std::string gathered_;
};

absl::Status WritePieces(absl::string_view bytes, Output& output, Digester* digester) {
  for (size_t begin = 0; begin < bytes.size(); begin += kPieceBytes) {
    const absl::string_view piece = bytes.substr(begin, kPieceBytes);
    if (digester != nullptr) digester->Update(piece);
    RETURN_IF_ERROR(output.Append(piece));
  }
  return absl::OkStatus();
}

absl::StatusOr<SafetensorsDigests> Write(FileWriter& writer, absl::string_view preamble,
                                         const std::vector<TensorBytes>& tensors, bool with_file_digests) {
  SafetensorsDigests digests;
  Output output(writer, with_file_digests);
  digests.header_xxh3 = Xxh3Hex(preamble);
  RETURN_IF_ERROR(WritePieces(preamble, output, nullptr));
  for (const TensorBytes& tensor : tensors) {
    Digester digester(DigestKind::kXxh3);
    RETURN_IF_ERROR(WritePieces(tensor.bytes, output, &digester));
    digests.tensors.push_back({tensor.name, digester.Hex()});
  }
  RETURN_IF_ERROR(output.Finish(digests));
  return digests;
}

}  // namespace

absl::StatusOr<SafetensorsDigests> WriteSafetensors(FileSystem& fs, const std::string& path,
                                                    std::vector<TensorBytes> tensors,
                                                    const std::map<std::string, std::string>& metadata,
                                                    bool with_file_digests) {
  RETURN_IF_ERROR(Check(tensors, metadata));
  std::sort(tensors.begin(), tensors.end(), [](const TensorBytes& a, const TensorBytes& b) {
    return a.dtype != b.dtype ? a.dtype > b.dtype : a.name < b.name;
  });
  const std::string preamble = Preamble(tensors, metadata);
  if (preamble.size() - 8 > kMaxSafetensorsHeader) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": the header would have ", preamble.size() - 8,
                                                   " bytes, more than the format's ", kMaxSafetensorsHeader));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<FileWriter> writer, FileWriter::Create(fs, path));
  absl::StatusOr<SafetensorsDigests> digests = Write(*writer, preamble, tensors, with_file_digests);
  // A torn file is of no use; if removing it fails too, the first error is the one to tell.
  if (!digests.ok()) fs.Unlink(path);
  return digests;
}

}  // namespace baton
