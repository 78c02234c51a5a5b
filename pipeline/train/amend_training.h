#ifndef BATON_PIPELINE_TRAIN_AMEND_TRAINING_H_
#define BATON_PIPELINE_TRAIN_AMEND_TRAINING_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "base/key.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config/config.pb.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/train/training_setup.h"
#include "state/snapshot_store.h"
#include "state/state.h"

namespace baton {

// A training that goes on with other values than it was begun with.
struct AmendedTraining {
  // What it depends on from now on; its snapshots are under this key.
  KeyInputs inputs;
  // For the record.
  std::vector<Amendment> amendments;
  // Of the newest State, as it is under the new key, and where it was written.
  TrainingProgress progress;
  Environment environment;

  // The snapshots' folders under the old key, of which the best is another one where it is there.
  std::string newest;
  std::optional<std::string> best;
  // What the new values make of a State.
  std::function<absl::Status(State&)> amend;

  // Writes both States to the new key's folder and returns the newest, on `device`. In memory there is one at a time.
  // Doing it again, as after a crash, changes nothing.
  absl::StatusOr<State> Save(FileSystem& fs, at::Device device, SnapshotStore& snapshots) const;
};

// How the recorded training goes on with what `allowed` names changed: from the newest snapshot that verifies, with
// what the new values make of it:
//   - another order of the data, other data or another loss in the middle of an epoch: that epoch begins again;
//   - another meaning of the validation loss, or another metric to choose by: there is no best one yet; with another
//     loss early stopping and a plateau begin to count anew too, the factor that a plateau has come to stays;
//   - early stopping, if it had struck, begins to count anew.
// Writes nothing, but sets damaged snapshots aside, and makes no tensors. `setup` must outlive what is returned.
// `inputs` are train's, of the configuration of now. DataLoss if no
// snapshot verifies; InvalidArgument if nothing is left to train, or if the model or the optimizer that is configured
// now is another.
absl::StatusOr<AmendedTraining> AmendTraining(FileSystem& fs, const RunDirectory& run, const PipelineConfig& config,
                                              const TrainingSetup& setup, const TrainSection& recorded,
                                              const KeyInputs& inputs, const std::vector<std::string>& allowed);

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_AMEND_TRAINING_H_
