#ifndef BATON_METADATA_STALENESS_H_
#define BATON_METADATA_STALENESS_H_

#include <string>

#include "absl/status/status.h"
#include "metadata/metadata.pb.h"

namespace baton {

// Whether a section was made from something else than the record now holds, told by comparing digests: train's key
// input "load.dataset" with load.dataset_version, and evaluate's "train.model" with the model_sha256 of the snapshot
// that it would evaluate now (the last one if its key inputs say evaluate.snapshot=LAST, else the best or the last). A
// section without these inputs, or before which nothing stands, is not stale; one after a stale one is.
//
// Both return what differs, in words for people; empty if the section is not stale.
std::string TrainStaleness(const Metadata& record);
std::string EvaluateStaleness(const Metadata& record);

// OK if load and every other stage that was begun is complete and none is stale: of each file that the record names it
// is then known what it was made from. InvalidArgument names the first stage that is not so, and what to do.
absl::Status CheckFinished(const Metadata& record);

}  // namespace baton

#endif  // BATON_METADATA_STALENESS_H_
