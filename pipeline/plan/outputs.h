#ifndef BATON_PIPELINE_PLAN_OUTPUTS_H_
#define BATON_PIPELINE_PLAN_OUTPUTS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/digest_cache.h"
#include "base/file_system.h"
#include "google/protobuf/repeated_field.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config/run_directory.h"

namespace baton {

// What is known of a stage's outputs without reading the formats that they have.

// OK if every file that the record names is there with the size and the SHA-256 that it says. NotFound or DataLoss
// names the first that is not.
absl::Status VerifyOutputs(const RunDirectory& run, const google::protobuf::RepeatedPtrField<Artifact>& outputs,
                           DigestCache& digests);

// Whether the recorded training has left snapshots that it could go on from. They are not verified.
absl::StatusOr<bool> HasSnapshots(FileSystem& fs, const RunDirectory& run, const TrainSection& train);

}  // namespace baton

#endif  // BATON_PIPELINE_PLAN_OUTPUTS_H_
