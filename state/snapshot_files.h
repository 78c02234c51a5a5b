#ifndef BATON_STATE_SNAPSHOT_FILES_H_
#define BATON_STATE_SNAPSHOT_FILES_H_

#include <cstdint>

namespace baton {

// Names of the files in a snapshot's folder, and the version of their format.
inline constexpr char kIndexFile[] = "state.binpb";
inline constexpr char kModelFile[] = "model.safetensors";
inline constexpr char kCriterionFile[] = "criterion.safetensors";
inline constexpr char kOptimizerFile[] = "optimizer.safetensors";
inline constexpr char kVocabularyFile[] = "vocabulary.json";
inline constexpr char kTokenizerFile[] = "tokenizer.json";
inline constexpr uint32_t kSnapshotFormatVersion = 1;

}  // namespace baton

#endif  // BATON_STATE_SNAPSHOT_FILES_H_
