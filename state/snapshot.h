#ifndef BATON_STATE_SNAPSHOT_H_
#define BATON_STATE_SNAPSHOT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "state/snapshot_index.h"
#include "state/state.h"

namespace baton {

// A snapshot is a folder: state.binpb (a sealed SnapshotIndex, with the digest of every tensor and file), the groups of
// tensors as .safetensors, full segments of the history and the named bytes as files. docs/snapshot.md describes it.

// Writes a snapshot of `state`, which must not change meanwhile, to the folder `path`, which appears complete or not at
// all. Tensors in the CPU's memory are written from where they lie. Full segments of the history become hard links to
// the files of the snapshot in the folder `previous`, where they are the same; else, and where linking fails, they are
// written. `before_commit`, if given, is called when everything is written, right before the folder appears; its error
// prevents that. Returns the index. AlreadyExists if something is there; InvalidArgument if it is a State that could
// not be loaded again, e.g. with an attachment whose name is no file's.
absl::StatusOr<SnapshotIndex> SaveSnapshot(FileSystem& fs, const State& state, const std::string& path,
                                           const std::function<absl::Status()>& before_commit = nullptr,
                                           const std::string& previous = "");

// How a snapshot of `state` would differ from the one with this index, found by digests, a line each: tensors, files,
// fields of the progress, the history. The environment is left out. Empty if nothing does.
std::vector<std::string> DifferencesFrom(const SnapshotIndex& index, const State& state);

// What the State of the snapshot with this index consists of. InvalidArgument if that is more than memory can hold.
absl::StatusOr<GroupLayouts> LayoutsOf(const SnapshotIndex& index);

// Reads a whole snapshot onto `device`, group by group where that is not the CPU. Every byte is checked: DataLoss names
// the file, and the tensor where it is one. `on_bytes`, if given, is called as it reads, with how many bytes of tensors
// and named files were read since; by several threads, one at a time.
absl::StatusOr<State> LoadSnapshot(FileSystem& fs, const std::string& path, at::Device device,
                                   const std::function<void(uint64_t bytes)>& on_bytes = nullptr);

// Reads what inference needs onto `device`: as "model" and "buffers" those that the model is used with
// (State::weights()), the progress, the environment and the named bytes, and neither history nor other tensors, whose
// files may be gone. Every byte that is read is checked, as above.
absl::StatusOr<State> LoadForInference(FileSystem& fs, const std::string& path, at::Device device);

}  // namespace baton

#endif  // BATON_STATE_SNAPSHOT_H_
