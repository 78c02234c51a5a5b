#ifndef BATON_PIPELINE_TRAIN_AMEND_TRAINING_H_
#define BATON_PIPELINE_TRAIN_AMEND_TRAINING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "base/key.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config.pb.h"
#include "pipeline/run_directory.h"
#include "pipeline/train/training_setup.h"

namespace baton {

// A training that goes on with other values than it was begun with.
struct AmendedTraining {
  // What it depends on from now on; its snapshots are under this key.
  KeyInputs inputs;
  // For the record.
  std::vector<Amendment> amendments;
};

// Carries the recorded training over to the key under which it goes on with what `allowed` names changed: the newest
// snapshot that verifies, and the best one, are written under the new key, with what the new values make of them:
//   - another order of the data, or other data, in the middle of an epoch: that epoch begins anew;
//   - another meaning of the validation loss: there is no best epoch yet;
//   - early stopping, if it had struck, begins to count anew.
// Doing it again, as after a crash, gives the same. `inputs` are train's, of the configuration of now. DataLoss if no
// snapshot verifies; InvalidArgument if the model or the optimizer that is configured now is another.
absl::StatusOr<AmendedTraining> AmendTraining(FileSystem& fs, const RunDirectory& run, const PipelineConfig& config,
                                              const TrainingSetup& setup, const TrainSection& recorded,
                                              const KeyInputs& inputs, const std::vector<std::string>& allowed);

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_AMEND_TRAINING_H_
