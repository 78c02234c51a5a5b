#ifndef BATON_TRAINING_TRAINER_H_
#define BATON_TRAINING_TRAINER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>

#include "absl/status/status.h"
#include "base/progress.h"
#include "base/worker_pool.h"
#include "data/batch_order.h"
#include "models/criterion.h"
#include "models/model.h"
#include "optim/optimizer.h"
#include "state/retention.h"
#include "state/snapshot_store.h"
#include "state/snapshot_writer.h"
#include "state/state.h"
#include "training/config.pb.h"
#include "training/examples.h"
#include "training/train_step.h"

namespace baton {

// Trains a State from wherever it is to the end. Not thread-safe.
class Trainer {
 public:
  // What training works with; all must outlive the trainer. `validation` may be null.
  struct Parts {
    const TrainConfig& config;
    uint64_t seed;
    const Model& model;
    const Criterion& criterion;
    const Optimizer& optimizer;
    const Examples& train;
    const Examples* validation;
    SnapshotStore& snapshots;
    // Steps whose snapshots stay, beside those that the configuration keeps.
    std::set<uint64_t> kept_for_good;
    WorkerPool& pool;
    // Stop at this step as at a signal. 0: nowhere.
    uint64_t stop_at_step = 0;
    // Both are called on another thread, in the order of the snapshots: before each one appears, which an error
    // prevents, and after it is durable, with the State that it holds. May be null.
    std::function<absl::Status()> before_snapshot = nullptr;
    std::function<absl::Status(const State& saved)> on_snapshot = nullptr;
  };
  Trainer(const Parts& parts, State& state);

  // OK when all epochs are done or training stopped early, with a snapshot of the final State; Cancelled after a stop
  // signal, with a snapshot to go on from; OutOfRange if training diverged; the error of a snapshot that could not
  // be saved. Snapshots are written while training goes on; none is in flight any more when this returns.
  absl::Status Train();

  // Whether there is nothing left to do.
  bool Done() const;

 private:
  absl::Status TakeSteps();
  // What ends an epoch, in this order: validation, schedule and early stopping, history.
  absl::Status FinishEpoch();
  // Fails also if an earlier one failed meanwhile.
  absl::Status SaveSnapshotIfDue(bool is_last);
  // nullopt if none is due.
  std::optional<SnapshotWriter::Importance> SnapshotDue() const;
  bool StopStepReached() const;
  // Cancelled if training is to stop here, before it is done.
  absl::Status CheckStop() const;
  void ShowProgress();

  const Parts parts_;
  State& state_;
  TrainingProgress& progress_;  // state_'s
  const RetentionPolicy retention_;
  const BatchOrder order_;
  TrainStep step_;
  std::optional<uint64_t> saved_step_;  // of the newest snapshot, durable or in flight
  std::chrono::steady_clock::time_point saved_time_ = std::chrono::steady_clock::now();
  Progress bar_;
  SnapshotWriter writer_;
};

}  // namespace baton

#endif  // BATON_TRAINING_TRAINER_H_
