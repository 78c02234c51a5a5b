#ifndef BATON_PIPELINE_PLAN_INITIAL_WEIGHTS_H_
#define BATON_PIPELINE_PLAN_INITIAL_WEIGHTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/digest_cache.h"
#include "base/file_system.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config/config.pb.h"
#include "pipeline/config/run_directory.h"
#include "state/snapshot_index.h"

namespace baton {

// The weights that train.initial_weights names, found by content, for all who need the key of train: no tensor is read.
// docs/fine_tuning.md tells of them.

WeightsOf WhichWeights(const InitialWeightsConfig& config);

// Finds the file with the weights, its digest, and the run that it comes from. Reads the source's record and index, and
// changes nothing there. NotFound if there is no snapshot; DataLoss if index or record are damaged, or if the snapshot
// is not the one that the run's record names.
absl::StatusOr<InitialWeights> FindWeights(FileSystem& fs, const InitialWeightsConfig& config, DigestCache& digests);

struct InitialWeightsSource {
  // Without what training made of them; empty if the configuration names none.
  InitialWeights weights;
  // That they are no longer there, or others are; else empty.
  std::string note;
};

// Those of `run`. Once training has begun they need not be there any more: it reads its own snapshots. So if
// `begun_with` has those that it began with, and the configuration names the same path or the folder of that file,
// they are those, whatever is there now. Else InvalidArgument if the path is `run` itself, and the errors of
// FindWeights().
absl::StatusOr<InitialWeightsSource> FindInitialWeights(FileSystem& fs, const RunDirectory& run,
                                                        const TrainConfig& config, const InitialWeights& begun_with,
                                                        DigestCache& digests);

}  // namespace baton

#endif  // BATON_PIPELINE_PLAN_INITIAL_WEIGHTS_H_
