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
#include "pipeline/config/run_directory.h"
#include "pipeline/plan/plan.h"
#include "state/snapshot_store.h"
#include "state/state.h"
#include "training/fit.h"

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

  // The snapshots' folders under the old key; the best one where it is another.
  std::string newest;
  std::optional<std::string> best;
  // What the new values make of a State.
  std::function<void(TrainingProgress&)> amend;

  // Writes both States to the new key's folder and returns the newest, on `device`. In memory there is one at a time.
  // Doing it again, as after a crash, changes nothing.
  absl::StatusOr<State> Save(FileSystem& fs, at::Device device, SnapshotStore& snapshots) const;
};

// How the recorded training goes on with what `plan` changes: from the newest snapshot that verifies, at the same place
// in the data. Early stopping, if it had struck, begins to count again. Writes nothing, but sets damaged snapshots
// aside, and makes no tensors. `training` has the new values. DataLoss if no snapshot verifies; InvalidArgument if
// nothing is left to train, or if State would consist of other tensors.
absl::StatusOr<AmendedTraining> AmendTraining(FileSystem& fs, const RunDirectory& run, const Training& training,
                                              const TrainSection& recorded, const StagePlan& plan);

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_AMEND_TRAINING_H_
