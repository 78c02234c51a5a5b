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
constexpr uint64_t kPieceBytes = uint64_t{1} << 18;

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

// All bytes before those of the tensors: the header's length and the header.
absl::StatusOr<std::string> ReadPreamble(const FileReader& file) {
  ASSIGN_OR_RETURN(const uint64_t size, ReadHeaderSize(file));
  std::string preamble(8 + size, '\0');
  RETURN_IF_ERROR(file.ReadAt(0, preamble.data(), preamble.size()));
  return preamble;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SafetensorsReader>> SafetensorsReader::Open(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<FileReader> file, FileReader::Open(fs, path));
  absl::StatusOr<std::string> preamble = ReadPreamble(*file);
  if (!preamble.ok()) return Annotate(preamble.status(), path);
  absl::StatusOr<SafetensorsHeader> header =
      ParseSafetensorsHeader(absl::string_view(*preamble).substr(8), file->size() - preamble->size());
  if (!header.ok()) return Annotate(header.status(), path);
  return std::unique_ptr<SafetensorsReader>(
      new SafetensorsReader(std::move(file), *std::move(preamble), *std::move(header)));
}

SafetensorsReader::SafetensorsReader(std::unique_ptr<FileReader> file, std::string preamble, SafetensorsHeader header)
    : file_(std::move(file)),
      preamble_(std::move(preamble)),
      header_xxh3_(Xxh3Hex(preamble_)),
      header_(std::move(header)) {}

const TensorEntry* SafetensorsReader::Find(absl::string_view name) const {
  for (const TensorEntry& tensor : header_.tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

absl::Status SafetensorsReader::ReadRange(uint64_t begin, uint64_t end, char* destination, Digester& digester) const {
  std::string scratch(destination == nullptr ? std::min(kPieceBytes, end - begin) : 0, '\0');
  while (begin < end) {
    const uint64_t size = std::min(kPieceBytes, end - begin);
    char* const piece = destination == nullptr ? scratch.data() : destination;
    RETURN_IF_ERROR(file_->ReadAt(begin, piece, size));
    digester.Update(absl::string_view(piece, size));
    if (destination != nullptr) destination += size;
    begin += size;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> SafetensorsReader::Read(const TensorEntry& entry, void* destination) const {
  Digester digester(DigestKind::kXxh3);
  RETURN_IF_ERROR(ReadRange(preamble_.size() + entry.begin, preamble_.size() + entry.end,
                            static_cast<char*>(destination), digester));
  return digester.Hex();
}

absl::StatusOr<FileDigest> SafetensorsReader::ReadAll(
    const std::function<void*(const TensorEntry&)>& destination) const {
  Digester digester(DigestKind::kXxh3);
  digester.Update(preamble_);
  for (const TensorEntry& entry : header_.tensors) {
    RETURN_IF_ERROR(ReadRange(preamble_.size() + entry.begin, preamble_.size() + entry.end,
                              static_cast<char*>(destination(entry)), digester));
  }
  return FileDigest{file_->size(), digester.Hex()};
}

}  // namespace baton
