#ifndef BATON_PIPELINE_LOAD_MAKE_DATASET_H_
#define BATON_PIPELINE_LOAD_MAKE_DATASET_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/digest_cache.h"
#include "base/file_system.h"
#include "data/dataset.h"
#include "data/dvc.h"
#include "data/vocabulary.h"
#include "pipeline/config/config.pb.h"
#include "pipeline/load/raw_file.h"

namespace baton {

// A dataset that stands complete and verified in its folder.
struct MadeDataset {
  Dataset index;
  Vocabulary vocabulary;  // empty for a regression
  std::vector<WrittenFile> files;
  // What stood beside the raw file.
  std::optional<DvcFile> dvc;
};

// Makes the dataset of `raw` under `config` in `folder`, which appears complete or not at all. If a dataset stands
// there and verifies, it is used, not written again; one that does not is set aside. Cancelled if StopRequested()
// between two steps. `before_commit` may still refuse when all is written.
absl::StatusOr<MadeDataset> MakeDataset(FileSystem& fs, const PipelineConfig& config, const RawFile& raw,
                                        const std::string& folder, DigestCache& digests,
                                        absl::FunctionRef<absl::Status()> before_commit);

}  // namespace baton

#endif  // BATON_PIPELINE_LOAD_MAKE_DATASET_H_
