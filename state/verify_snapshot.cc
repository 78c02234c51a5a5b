#include "state/verify_snapshot.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/safetensors.h"
#include "base/status_macros.h"
#include "state/snapshot_index.h"

namespace baton {
namespace {

class Verifier {
 public:
  Verifier(FileSystem& fs, const std::string& path, const std::function<void(uint64_t)>& on_bytes)
      : fs_(fs), path_(path), on_bytes_(on_bytes) {}

  absl::StatusOr<std::vector<SnapshotDamage>> Verify() {
    const absl::StatusOr<SnapshotIndex> index = ReadSnapshotIndex(fs_, path_);
    if (!index.ok() && !IsSnapshotDamage(index.status())) return index.status();
    if (!index.ok()) {
      Add(kSnapshotIndexFile, "", index.status().message());
      return std::move(damages_);
    }
    ASSIGN_OR_RETURN(const uint64_t index_size, FileSize(fs_, JoinPath(path_, kSnapshotIndexFile)));
    on_bytes_(index_size);
    for (const FileRecord& file : index->files()) {
      const absl::Status status = IsSnapshotTensorFile(file.name()) ? VerifyTensors(*index, file) : VerifyBytes(file);
      if (!status.ok() && !IsSnapshotDamage(status)) return status;
      if (!status.ok()) Add(file.name(), "", status.message());
    }
    return std::move(damages_);
  }

 private:
  void Add(absl::string_view file, absl::string_view tensor, absl::string_view message) {
    SnapshotDamage& damage = damages_.emplace_back();
    damage.set_path(path_);
    damage.set_file(std::string(file));
    if (!tensor.empty()) damage.set_tensor(std::string(tensor));
    damage.set_message(std::string(message));
  }

  absl::Status VerifyBytes(const FileRecord& file) {
    ASSIGN_OR_RETURN(const FileDigest digest, DigestFile(fs_, JoinPath(path_, file.name()), DigestKind::kXxh3));
    on_bytes_(digest.size_bytes);
    if (digest.size_bytes != file.size_bytes()) {
      Add(file.name(), "", absl::StrCat("has ", digest.size_bytes, " bytes, expected ", file.size_bytes()));
    } else if (digest.hex != file.xxh3()) {
      Add(file.name(), "", "its bytes do not match their digest");
    }
    return absl::OkStatus();
  }

  absl::Status VerifyTensors(const SnapshotIndex& index, const FileRecord& file) {
    ASSIGN_OR_RETURN(const auto reader, SafetensorsReader::Open(fs_, JoinPath(path_, file.name())));
    uint64_t header_bytes = reader->file_size();
    for (const TensorEntry& entry : reader->tensors()) header_bytes -= entry.end - entry.begin;
    on_bytes_(header_bytes);
    if (reader->file_size() != file.size_bytes()) {
      Add(file.name(), "", absl::StrCat("has ", reader->file_size(), " bytes, expected ", file.size_bytes()));
    } else if (reader->header_xxh3() != file.xxh3()) {
      Add(file.name(), "", "its header does not match its digest");
    }
    std::map<std::string, std::string> listed;
    for (const auto& [place, tensor] : TensorsInFiles(index)) {
      if (place.first == file.name()) listed[place.second] = tensor->xxh3();
    }
    for (const TensorEntry& entry : reader->tensors()) {
      ASSIGN_OR_RETURN(const std::string digest, reader->Read(entry, nullptr));
      on_bytes_(entry.end - entry.begin);
      const auto found = listed.find(entry.name);
      if (found == listed.end()) {
        Add(file.name(), entry.name, "is not listed in state.binpb");
      } else if (found->second != digest) {
        Add(file.name(), entry.name, "its bytes do not match their digest");
      }
      listed.erase(entry.name);
    }
    for (const auto& [name, digest] : listed) Add(file.name(), name, "is missing");
    return absl::OkStatus();
  }

  FileSystem& fs_;
  const std::string& path_;
  const std::function<void(uint64_t)>& on_bytes_;
  std::vector<SnapshotDamage> damages_;
};

}  // namespace

absl::StatusOr<std::vector<SnapshotDamage>> VerifySnapshot(FileSystem& fs, const std::string& path,
                                                           const std::function<void(uint64_t)>& on_bytes) {
  return Verifier(fs, path, on_bytes).Verify();
}

}  // namespace baton
