#ifndef BATON_STATE_SNAPSHOT_READER_H_
#define BATON_STATE_SNAPSHOT_READER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "base/safetensors.h"
#include "optim/flat_tensors.h"
#include "state/snapshot_index.h"

namespace baton {

// The layout of the tensors that a group's record names.
absl::StatusOr<std::shared_ptr<const FlatLayout>> LayoutOf(const GroupRecord& group);

// The files of one snapshot, for those who read all of it or a part. First one says what is wanted, which checks the
// headers of the files and reserves memory, then ReadTensors() fills it. Every byte that is handed out was compared
// with its digest: DataLoss names the file, and the tensor where it is one. Not thread-safe; libtorch may throw.
class SnapshotReader {
 public:
  // Reads and checks the index.
  static absl::StatusOr<SnapshotReader> Open(FileSystem& fs, std::string path);

  const SnapshotIndex& index() const { return *index_; }

  // The tensors of a group of the index: on the CPU, and not filled yet. Groups with the same tensors share a layout.
  absl::StatusOr<FlatTensors> Want(const GroupRecord& group);

  // Fills all that is wanted, in several threads where it is much. `on_bytes`, if given, is called with the bytes of
  // each tensor that was read, by one thread at a time.
  absl::Status ReadTensors(const std::function<void(uint64_t bytes)>& on_bytes = nullptr);

  // The bytes of a file that holds no tensors.
  absl::StatusOr<std::string> ReadBytes(const FileRecord& record) const;

 private:
  // A tensor that is to be read.
  struct Wanted {
    const SafetensorsReader* reader;
    std::string file;
    const TensorEntry* entry;
    const std::string* xxh3;
    void* address;
  };

  SnapshotReader(FileSystem& fs, std::string path, SnapshotIndex index);

  // The open file of tensors, whose size, header and names are those that the index has.
  absl::StatusOr<const SafetensorsReader*> OpenFile(const std::string& file);
  // One that an earlier group has already, if it is the same.
  absl::StatusOr<std::shared_ptr<const FlatLayout>> SharedLayout(const GroupRecord& group);
  absl::Status ReadTensor(const Wanted& wanted) const;
  absl::Status Damaged(absl::string_view file, absl::string_view what) const;

  FileSystem* fs_;
  std::string path_;
  std::unique_ptr<const SnapshotIndex> index_;  // in a place of its own: tensors_ points into it
  // By file and name in it.
  std::map<std::pair<std::string, std::string>, const TensorRecord*> tensors_;
  std::vector<std::shared_ptr<const FlatLayout>> layouts_;  // of the groups that were wanted, all different
  std::map<std::string, std::unique_ptr<SafetensorsReader>> open_;
  std::vector<Wanted> wanted_;
};

}  // namespace baton

#endif  // BATON_STATE_SNAPSHOT_READER_H_
