#include "state/snapshot_reader.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "base/worker_pool.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/empty.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

// More threads than this gain nothing: one core copies a few gigabytes a second from the page cache.
constexpr int kMaxThreads = 4;
// Less than this a thread costs more to start than it saves.
constexpr uint64_t kBytesPerThread = uint64_t{16} << 20;

std::string Describe(DType dtype, const std::vector<int64_t>& shape) {
  return absl::StrCat(DTypeName(dtype), " [", absl::StrJoin(shape, ", "), "]");
}

}  // namespace

absl::StatusOr<std::shared_ptr<const FlatLayout>> LayoutOf(const GroupRecord& group) {
  std::vector<ParameterSpec> tensors;
  for (const TensorRecord& tensor : group.tensors()) {
    tensors.push_back({.name = tensor.name(),
                       .shape = {tensor.shape().begin(), tensor.shape().end()},
                       .weight_decay = tensor.weight_decay()});
  }
  return FlatLayout::Create(tensors);
}

absl::StatusOr<SnapshotReader> SnapshotReader::Open(FileSystem& fs, std::string path) {
  ASSIGN_OR_RETURN(SnapshotIndex index, ReadSnapshotIndex(fs, path));
  return SnapshotReader(fs, std::move(path), std::move(index));
}

SnapshotReader::SnapshotReader(FileSystem& fs, std::string path, SnapshotIndex index)
    : fs_(&fs), path_(std::move(path)), index_(std::make_unique<const SnapshotIndex>(std::move(index))) {
  tensors_ = TensorsInFiles(*index_);
}

absl::Status SnapshotReader::Damaged(absl::string_view file, absl::string_view what) const {
  return absl::DataLossError(absl::StrCat("snapshot ", path_, ": ", file, " ", what));
}

absl::StatusOr<const SafetensorsReader*> SnapshotReader::OpenFile(const std::string& file) {
  if (const auto found = open_.find(file); found != open_.end()) return found->second.get();
  const FileRecord* const record = FindFile(*index_, file);
  if (record == nullptr) return Damaged(file, "is not listed in state.binpb");
  ASSIGN_OR_RETURN(std::unique_ptr<SafetensorsReader> reader, SafetensorsReader::Open(*fs_, JoinPath(path_, file)));
  size_t listed = 0;
  for (const auto& [place, tensor] : tensors_) listed += place.first == file;
  for (const TensorEntry& entry : reader->tensors()) {
    if (!tensors_.contains({file, entry.name})) {
      return Damaged(file, absl::StrCat("holds an unknown tensor '", entry.name, "'"));
    }
  }
  if (reader->tensors().size() != listed) {
    return Damaged(file, absl::StrCat("holds ", reader->tensors().size(), " tensors, expected ", listed));
  }
  if (reader->file_size() != record->size_bytes() || reader->header_xxh3() != record->xxh3()) {
    return Damaged(file, "is damaged: its header does not match its digest");
  }
  return (open_[file] = std::move(reader)).get();
}

absl::StatusOr<std::shared_ptr<const FlatLayout>> SnapshotReader::SharedLayout(const GroupRecord& group) {
  const absl::StatusOr<std::shared_ptr<const FlatLayout>> layout = LayoutOf(group);
  if (!layout.ok()) return Damaged(kSnapshotIndexFile, absl::StrCat("is damaged: ", layout.status().message()));
  for (const auto& known : layouts_) {
    if (known->entries == (*layout)->entries) return known;
  }
  layouts_.push_back(*layout);
  return *layout;
}

absl::StatusOr<FlatTensors> SnapshotReader::Want(const GroupRecord& group) {
  ASSIGN_OR_RETURN(std::shared_ptr<const FlatLayout> layout, SharedLayout(group));
  const std::string file = GroupFile(group.name());
  std::vector<Wanted> wanted;
  for (const TensorRecord& tensor : group.tensors()) {
    ASSIGN_OR_RETURN(const SafetensorsReader* const reader, OpenFile(file));
    const std::string name = NameInFile(group.name(), tensor.name());
    const TensorEntry* const entry = reader->Find(name);  // the index lists it, and the file has what the index lists
    const std::vector<int64_t> shape(tensor.shape().begin(), tensor.shape().end());
    if (entry->dtype != DType::kF32 || entry->shape != shape) {
      return Damaged(file, absl::StrCat("has tensor '", name, "' as ", Describe(entry->dtype, entry->shape),
                                        ", expected ", Describe(DType::kF32, shape)));
    }
    wanted.push_back({reader, file, entry, &tensor.xxh3(), nullptr});
  }
  // Only now is memory reserved: the shapes are those of bytes that are there.
  FlatTensors tensors = FlatTensors::Unfilled(std::move(layout));
  for (size_t i = 0; i < wanted.size(); ++i) {
    wanted[i].address = tensors.views()[i].mutable_data_ptr();
    wanted_.push_back(std::move(wanted[i]));
  }
  return tensors;
}

absl::Status SnapshotReader::ReadTensor(const Wanted& wanted) const {
  ASSIGN_OR_RETURN(const std::string digest, wanted.reader->Read(*wanted.entry, wanted.address));
  if (digest == *wanted.xxh3) return absl::OkStatus();
  return Damaged(wanted.file,
                 absl::StrCat("is damaged: the bytes of tensor '", wanted.entry->name, "' do not match their digest"));
}

absl::Status SnapshotReader::ReadTensors(const std::function<void(uint64_t)>& on_bytes) {
  uint64_t bytes = 0;
  for (const Wanted& wanted : wanted_) bytes += wanted.entry->end - wanted.entry->begin;
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  const int useful = static_cast<int>(std::min<uint64_t>(kMaxThreads, bytes / kBytesPerThread));
  WorkerPool pool(std::max(1, std::min(cores, useful)), [] {});
  std::atomic<size_t> next = 0;
  absl::Mutex telling;
  const absl::Status status = pool.Run([&](int) -> absl::Status {
    for (size_t i = next++; i < wanted_.size(); i = next++) {
      const absl::Status read = ReadTensor(wanted_[i]);
      if (!read.ok()) {
        next = wanted_.size();  // the others need not go on
        return read;
      }
      if (!on_bytes) continue;
      absl::MutexLock lock(&telling);
      on_bytes(wanted_[i].entry->end - wanted_[i].entry->begin);
    }
    return absl::OkStatus();
  });
  wanted_.clear();
  return status;
}

absl::StatusOr<std::string> SnapshotReader::ReadBytes(const FileRecord& record) const {
  ASSIGN_OR_RETURN(std::string bytes, ReadFile(*fs_, JoinPath(path_, record.name())));
  if (bytes.size() != record.size_bytes() || Xxh3Hex(bytes) != record.xxh3()) {
    return Damaged(record.name(), "is damaged: its bytes do not match their digest");
  }
  return bytes;
}

}  // namespace baton
