#ifndef BATON_PIPELINE_TRAIN_LOAD_INITIAL_WEIGHTS_H_
#define BATON_PIPELINE_TRAIN_LOAD_INITIAL_WEIGHTS_H_

#include "absl/status/status.h"
#include "base/digest_cache.h"
#include "base/file_system.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config/config.pb.h"
#include "state/load_weights.h"
#include "state/state.h"

namespace baton {

// Puts `weights`, as FindInitialWeights found them, into the model and the buffers of a State before its first step;
// their averages begin with the same. InvalidArgument lists what does not fit; NotFound if they are no longer there;
// DataLoss if they are damaged.
absl::StatusOr<WeightsReport> FillInitialWeights(FileSystem& fs, const InitialWeightsConfig& config,
                                                 const InitialWeights& weights, const State& state);

// OK if the files have the digests that they had when they were found. What was read in between had them too. DataLoss
// if they have changed, NotFound if they are gone.
absl::Status CheckInitialWeights(const InitialWeights& weights, DigestCache& digests);

// Fills them in, checks that they have not changed, counts in `weights` the tensors that were loaded, and announces
// those that were not. Errors of both.
absl::Status LoadInitialWeights(FileSystem& fs, const InitialWeightsConfig& config, DigestCache& digests,
                                InitialWeights& weights, State& state);

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_LOAD_INITIAL_WEIGHTS_H_
