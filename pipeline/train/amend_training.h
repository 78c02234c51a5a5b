#ifndef BATON_PIPELINE_TRAIN_AMEND_TRAINING_H_
#define BATON_PIPELINE_TRAIN_AMEND_TRAINING_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "base/key.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/plan/plan.h"
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
  // States of the recorded training as they are under the new key: the newest, and the best where that is another.
  State newest;
  std::optional<State> best;

  // Writes both to the new key's folder. Doing it again, as after a crash, changes nothing.
  absl::Status Save(SnapshotStore& snapshots) const;
};

// How the recorded training goes on with what `plan` changes: from the newest snapshot that verifies. Another batch
// size in the middle of an epoch begins that epoch again; early stopping, if it had struck, begins to count again.
// Writes nothing, but sets damaged snapshots aside. DataLoss if no snapshot verifies; InvalidArgument if nothing is
// left to train, or if the optimizer that is configured now keeps other tensors.
absl::StatusOr<AmendedTraining> AmendTraining(FileSystem& fs, const RunDirectory& run, const TrainingSetup& setup,
                                              const TrainSection& recorded, const StagePlan& plan);

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_AMEND_TRAINING_H_
