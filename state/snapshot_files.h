#ifndef BATON_STATE_SNAPSHOT_FILES_H_
#define BATON_STATE_SNAPSHOT_FILES_H_

#include <cstdint>

namespace baton {

// Names of the files in a snapshot's folder, and the version of their format.
inline constexpr char kSnapshotIndexFile[] = "state.binpb";
inline constexpr char kSnapshotModelFile[] = "model.safetensors";
inline constexpr char kSnapshotEmaFile[] = "ema.safetensors";
inline constexpr char kSnapshotCriterionFile[] = "criterion.safetensors";
inline constexpr char kSnapshotOptimizerFile[] = "optimizer.safetensors";
inline constexpr char kSnapshotVocabularyFile[] = "vocabulary.json";
inline constexpr char kSnapshotTokenizerFile[] = "tokenizer.json";
inline constexpr uint32_t kSnapshotFormatVersion = 1;

}  // namespace baton

#endif  // BATON_STATE_SNAPSHOT_FILES_H_
