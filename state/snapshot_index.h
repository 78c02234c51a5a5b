#ifndef BATON_STATE_SNAPSHOT_INDEX_H_
#define BATON_STATE_SNAPSHOT_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"
#include "state/group_names.h"
#include "state/history.h"
#include "state/state.pb.h"

namespace baton {

// The index of a snapshot, state.binpb, free of torch. docs/snapshot.md describes the folder.

// Names of the files in a snapshot's folder beside those of tensors, and the version of their format.
inline constexpr char kSnapshotIndexFile[] = "state.binpb";
inline constexpr char kSnapshotVocabularyFile[] = "vocabulary.json";
inline constexpr char kSnapshotTokenizerFile[] = "tokenizer.json";
inline constexpr uint32_t kSnapshotFormatVersion = 1;

// Whether an attachment can have this name: a file's, which is none of the snapshot's own.
bool IsAttachmentName(absl::string_view name);
// Whether it is a file of tensors: "A.safetensors" of the groups "A" and "A/B".
bool IsSnapshotTensorFile(absl::string_view file);
// The file of a full segment of the history, by the number of its first measurement: "history-000000000256.binpb".
std::string HistoryFile(size_t first);
bool IsHistoryFile(absl::string_view file);

// Reads the index of the snapshot in the folder `path`, and checks its seal and its contents. NotFound if there is no
// snapshot; DataLoss if it is damaged or contradicts itself; FailedPrecondition if it is of a newer format than this
// program reads.
absl::StatusOr<SnapshotIndex> ReadSnapshotIndex(FileSystem& fs, const std::string& path);

// Whether the contents of an index make sense, however it came to be; a seal does not say that. What holds for an index
// that passed: progress and environment are there; groups have distinct names that groups can have, and "model" is one
// of them; a group's tensors have distinct names, no negative dimension, and in each file no more bytes together than
// the file is said to have; the groups of averages and of the optimizer have the tensors of what they belong to; files
// have distinct names without a folder in them; a file of tensors is listed exactly if a group has tensors in it; the
// history's segments follow each other without a gap; digests are digests. DataLoss names the field.
absl::Status CheckSnapshotIndex(const SnapshotIndex& index);

// Reads the history of the snapshot in the folder `path`, whose index is `index`; each file is checked. DataLoss names
// the file.
absl::StatusOr<History> ReadHistory(FileSystem& fs, const std::string& path, const SnapshotIndex& index);

// What the index says of a file or a group; null if it does not list it.
const FileRecord* FindFile(const SnapshotIndex& index, absl::string_view file);
const GroupRecord* FindGroup(const SnapshotIndex& index, absl::string_view group);

// The tensors of all groups by where they lie: the file, and the name in it. They point into `index`.
std::map<std::pair<std::string, std::string>, const TensorRecord*> TensorsInFiles(const SnapshotIndex& index);

enum class WeightsOf {
  kModelInUse,    // State::weights(): the average where there is one
  kTrainedModel,  // as the optimizer left them
};
// The group with those weights.
const char* WeightsGroup(const SnapshotIndex& index, WeightsOf which);
// The group with the buffers that go with them; null where there are none.
const char* BuffersGroup(const SnapshotIndex& index, WeightsOf which);

// Errors that say that what is stored is bad or gone, as against errors of the machine, on which nothing may be set
// aside.
bool IsSnapshotDamage(const absl::Status& status);

}  // namespace baton

#endif  // BATON_STATE_SNAPSHOT_INDEX_H_
