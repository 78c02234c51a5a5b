#ifndef BATON_DATA_DATASET_H_
#define BATON_DATA_DATASET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"
#include "base/safetensors.h"
#include "data/dataset.pb.h"

namespace baton {

// A dataset is a folder: dataset.binpb, its sealed index, beside the files that the index names with sizes and XXH3
// digests. docs/dataset.md describes the format. Everything that is read is verified: DataLoss names the file and what
// is wrong with it.

inline constexpr uint32_t kDatasetFormatVersion = 1;

// Names of files in the folder.
inline constexpr absl::string_view kDatasetIndexFile = "dataset.binpb";
inline constexpr absl::string_view kVocabularyFile = "vocabulary.json";  // of a classification
inline constexpr absl::string_view kDataCardFile = "data_card.md";

inline constexpr absl::string_view kTrainSplit = "train";
inline constexpr absl::string_view kValidationSplit = "validation";
inline constexpr absl::string_view kHoldoutSplit = "holdout";

// One split to write: `tensors` as the index specifies them, the first dimension of each being the example.
struct SplitTensors {
  std::string name;
  uint64_t rows = 0;
  std::vector<uint64_t> class_counts;  // empty for a regression
  std::vector<HostTensor> tensors;
};

// A small file to write beside the index.
struct SmallFile {
  std::string name;
  std::string contents;
};

// What was written, with the digest for the record.
struct WrittenFile {
  std::string name;  // within the folder
  uint64_t size_bytes = 0;
  std::string sha256;
};

// Writes a dataset into `folder`, which is there and has none (a StagedFolder's, which commits it): SPLIT.safetensors
// for each of `splits` that has rows, `files`, and last the index. Sets format_version, tensors, splits, files and the
// seal of `index`; the caller sets the rest. Returns all files, the index last.
absl::StatusOr<std::vector<WrittenFile>> WriteDataset(FileSystem& fs, const std::string& folder,
                                                      const std::vector<SplitTensors>& splits,
                                                      const std::vector<SmallFile>& files, Dataset& index);

// Reads and checks the index. NotFound if there is none; FailedPrecondition if a newer program wrote it.
absl::StatusOr<Dataset> ReadDatasetIndex(FileSystem& fs, const std::string& folder);

// Its bytes, read from the file `path`, checked in the same way.
absl::StatusOr<Dataset> ParseDatasetIndex(absl::string_view bytes, const std::string& path);

// The split of this name; null if the dataset has none, as of "validation" when nothing was set aside for it.
const Split* FindSplit(const Dataset& index, absl::string_view name);

// Reads a split whole: its tensors in the index's order, the files concatenated. Every byte of every file is verified,
// as are names, types and shapes. NotFound if there is no such split.
absl::StatusOr<std::vector<HostTensor>> ReadSplit(FileSystem& fs, const std::string& folder, const Dataset& index,
                                                  absl::string_view name);

// Reads one of the index's small files, e.g. kVocabularyFile. NotFound if it has none of this name.
absl::StatusOr<std::string> ReadNamedFile(FileSystem& fs, const std::string& folder, const Dataset& index,
                                          absl::string_view name);

// Verifies every byte of the dataset in `folder`, without keeping it, and returns its index.
absl::StatusOr<Dataset> VerifyDataset(FileSystem& fs, const std::string& folder);

// "sha256:" and the seal of the index: the same version is the same data.
std::string DatasetVersion(const Dataset& index);

}  // namespace baton

#endif  // BATON_DATA_DATASET_H_
