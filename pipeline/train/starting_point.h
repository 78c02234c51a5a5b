#ifndef BATON_PIPELINE_TRAIN_STARTING_POINT_H_
#define BATON_PIPELINE_TRAIN_STARTING_POINT_H_

#include <cstdint>
#include <optional>
#include <set>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/digest_cache.h"
#include "base/key.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config/stage_options.h"
#include "pipeline/plan/plan.h"
#include "pipeline/train/amend_training.h"
#include "pipeline/train/training_setup.h"
#include "state/snapshot_store.h"
#include "state/state.h"

namespace baton {

// Where a training begins, or goes on from.
struct StartingPoint {
  // What it depends on from here on; its snapshots are under this key.
  KeyInputs inputs;
  // The first one, with the initial weights, or the newest that is intact; of an amended training it has tensors after
  // Prepare(). Its environment is this one.
  State state;
  // Where the snapshot was written that `state` was restored from; absent at the beginning.
  std::optional<Environment> restored_from;
  // Those that the training began with, for the record; empty where none are configured.
  InitialWeights initial_weights;
  // Steps of this key whose snapshots are results of a training that was complete.
  std::set<uint64_t> kept_for_good;
  // If it goes on with something changed.
  std::optional<AmendedTraining> amended;
  // What stands under this key is put aside, and training begins.
  bool supersedes = false;

  // Makes the folder of `snapshots`, which is that of the key, what training needs to begin. Doing it again, as after a
  // crash, changes nothing.
  absl::Status Prepare(FileSystem& fs, at::Device device, SnapshotStore& snapshots);
};

// Finds it and checks all that training refuses to begin or to go on with. Writes nothing, but sets damaged snapshots
// aside. At no time there is more than one State in memory. `plan` is PlanTrain's, `recorded` the record's train
// section.
absl::StatusOr<StartingPoint> FindStartingPoint(const StageOptions& options, const TrainingSetup& setup,
                                                const TrainSection& recorded, const StagePlan& plan,
                                                DigestCache& digests);

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_STARTING_POINT_H_
