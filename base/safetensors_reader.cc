// SafetensorsReader of safetensors.h.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/errors.h"
#include "base/safetensors.h"
#include "base/status_macros.h"

namespace baton {
namespace {

// Pieces of this size are still in the cache when they are digested.
constexpr uint64_t kPieceBytes = uint64_t{1} << 20;

// Header's length, which stands in the first 8 bytes.
absl::StatusOr<uint64_t> ReadHeaderSize(const FileReader& file) {
  if (file.size() < 8) {
    return absl::DataLossError(absl::StrCat("it has ", file.size(), " bytes, too few for a safetensors file"));
  }
  unsigned char bytes[8];
  RETURN_IF_ERROR(file.ReadAt(0, bytes, sizeof(bytes)));
  uint64_t size = 0;
  for (int i = 7; i >= 0; --i) size = size << 8 | bytes[i];
  if (size > kMaxSafetensorsHeader) {
    return absl::DataLossError(absl::StrCat("its first 8 bytes give a header of ", size,
                                            " bytes, more than the format's ", kMaxSafetensorsHeader));
  }
  if (size > file.size() - 8) {
    return absl::DataLossError(
        absl::StrCat("the header has ", size, " bytes, but only ", file.size() - 8, " are there"));
  }
  return size;
}

absl::StatusOr<std::pair<SafetensorsHeader, uint64_t>> ReadHeader(const FileReader& file) {
  ASSIGN_OR_RETURN(const uint64_t size, ReadHeaderSize(file));
  std::string json(size, '\0');
  RETURN_IF_ERROR(file.ReadAt(8, json.data(), json.size()));
  ASSIGN_OR_RETURN(SafetensorsHeader header, ParseSafetensorsHeader(json, file.size() - 8 - size));
  return std::make_pair(std::move(header), 8 + size);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SafetensorsReader>> SafetensorsReader::Open(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<FileReader> file, FileReader::Open(fs, path));
  absl::StatusOr<std::pair<SafetensorsHeader, uint64_t>> header = ReadHeader(*file);
  if (!header.ok()) return Annotate(header.status(), path);
  return std::unique_ptr<SafetensorsReader>(
      new SafetensorsReader(std::move(file), std::move(header->first), header->second));
}

SafetensorsReader::SafetensorsReader(std::unique_ptr<FileReader> file, SafetensorsHeader header, uint64_t data_offset)
    : file_(std::move(file)), header_(std::move(header)), data_offset_(data_offset) {}

const TensorEntry* SafetensorsReader::Find(absl::string_view name) const {
  for (const TensorEntry& tensor : header_.tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

absl::Status SafetensorsReader::Read(const TensorEntry& entry, void* destination) const {
  if (entry.begin == entry.end) return absl::OkStatus();
  return file_->ReadAt(data_offset_ + entry.begin, destination, entry.end - entry.begin);
}

absl::StatusOr<SafetensorsDigests> SafetensorsReader::ReadAll(
    const std::function<void*(const TensorEntry&)>& destination) const {
  SafetensorsDigests digests;
  digests.size_bytes = file_->size();
  Digester file_digester(DigestKind::kXxh3);
  std::string scratch;

  // Reads a range of the file, digesting it. To null: only that.
  const auto read = [&](uint64_t begin, uint64_t end, char* to, Digester* digester) -> absl::Status {
    while (begin < end) {
      const uint64_t size = std::min(kPieceBytes, end - begin);
      if (to == nullptr) scratch.resize(std::max<size_t>(scratch.size(), size));
      char* const piece = to == nullptr ? scratch.data() : to;
      RETURN_IF_ERROR(file_->ReadAt(begin, piece, size));
      file_digester.Update(absl::string_view(piece, size));
      if (digester != nullptr) digester->Update(absl::string_view(piece, size));
      if (to != nullptr) to += size;
      begin += size;
    }
    return absl::OkStatus();
  };

  RETURN_IF_ERROR(read(0, data_offset_, nullptr, nullptr));
  for (const TensorEntry& tensor : header_.tensors) {
    Digester digester(DigestKind::kXxh3);
    RETURN_IF_ERROR(read(data_offset_ + tensor.begin, data_offset_ + tensor.end,
                         static_cast<char*>(destination(tensor)), &digester));
    digests.tensors.push_back({tensor.name, digester.Hex()});
  }
  digests.xxh3 = file_digester.Hex();
  return digests;
}

}  // namespace baton
