#ifndef BATON_STATE_SNAPSHOT_INDEX_H_
#define BATON_STATE_SNAPSHOT_INDEX_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"
#include "state/state.pb.h"

namespace baton {

// The index of a snapshot, state.binpb, free of torch. docs/snapshot.md describes the folder.

// Names of the files in a snapshot's folder, and the version of their format.
inline constexpr char kSnapshotIndexFile[] = "state.binpb";
inline constexpr char kSnapshotModelFile[] = "model.safetensors";
inline constexpr char kSnapshotEmaFile[] = "ema.safetensors";
inline constexpr char kSnapshotCriterionFile[] = "criterion.safetensors";
inline constexpr char kSnapshotOptimizerFile[] = "optimizer.safetensors";
inline constexpr char kSnapshotVocabularyFile[] = "vocabulary.json";
inline constexpr char kSnapshotTokenizerFile[] = "tokenizer.json";
inline constexpr uint32_t kSnapshotFormatVersion = 1;

// Whether an attachment can have this name: a file's, which is none of the above and no other .safetensors.
bool IsAttachmentName(absl::string_view name);
// Whether it is one of the files of tensors above.
bool IsSnapshotTensorFile(absl::string_view file);

// Reads the index of the snapshot in the folder `path`, and checks its seal and its contents. NotFound if there is no
// snapshot; DataLoss if it is damaged or contradicts itself; FailedPrecondition if it is of a format that this program
// does not read.
absl::StatusOr<SnapshotIndex> ReadSnapshotIndex(FileSystem& fs, const std::string& path);

// Whether the contents of an index make sense, however it came to be; a seal does not say that. What holds for an index
// that passed: progress and environment are there; files have distinct names without a folder in them, the three files
// of tensors that every snapshot has are among them, and no other .safetensors but the average's; parameters have
// distinct names, no negative dimension, and no more bytes together than the model's file is said to have; the files of
// the model, its average and the optimizer list one tensor for each parameter (and slot), no file two of one name;
// digests are digests. DataLoss names the field.
absl::Status CheckSnapshotIndex(const SnapshotIndex& index);

// What the index says of a file; null if it does not list it.
const FileRecord* FindFile(const SnapshotIndex& index, absl::string_view file);

enum class WeightsOf {
  kModelInUse,    // State::weights(): the moving average where there is one
  kTrainedModel,  // as the optimizer left them
};
// The name of the file with those weights.
const char* WeightsFile(const SnapshotIndex& index, WeightsOf which);

}  // namespace baton

#endif  // BATON_STATE_SNAPSHOT_INDEX_H_
