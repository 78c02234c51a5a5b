#ifndef BATON_TRAINING_TRAINER_H_
#define BATON_TRAINING_TRAINER_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/batch_order.h"
#include "optim/optimizer.h"
#include "state/retention.h"
#include "state/snapshot_writer.h"
#include "state/state.h"
#include "training/fit.h"
#include "training/goal.h"
#include "training/train_step.h"

namespace baton {

// The training loop: Fit() without what is checked and built before it. Not thread-safe.
class Trainer {
 public:
  // All must outlive it. `state` fits the training.
  Trainer(const Training& training, const Optimizer& optimizer, State& state);

  absl::StatusOr<StopReason> Train();

 private:
  absl::Status TakeSteps();
  // The reason to end here; absent if there is more to do.
  std::optional<StopReason> Done() const;
  // Cancelled if training is to stop here, before it is done.
  absl::Status CheckStop() const;
  bool StopStepReached() const;
  std::vector<int64_t> NextBatch() const;
  bool EpochIsComplete() const;
  void FinishEpoch();
  bool MeasurementIsDue() const;
  // Validation, then a plateau schedule and early stopping, then history.
  absl::Status Measure();
  // Fails also if an earlier one failed meanwhile.
  absl::Status SaveSnapshotIfDue(bool is_last);
  // nullopt if none is due.
  std::optional<SnapshotWriter::Importance> SnapshotDue() const;
  absl::Status Tell(absl::FunctionRef<absl::Status(Observer&)> what) const;
  absl::Status ReportStep() const;
  SnapshotWriter::Options WriterOptions() const;

  const Training& training_;
  const TrainConfig& config_;
  State& state_;
  TrainingProgress& progress_;  // state_'s
  const Goal goal_;
  const RetentionPolicy retention_;
  const BatchOrder order_;
  TrainStep step_;
  std::optional<uint64_t> saved_step_;  // of the newest snapshot, durable or in flight
  std::chrono::steady_clock::time_point saved_time_ = std::chrono::steady_clock::now();
  std::optional<SnapshotWriter> writer_;  // none without a store
};

}  // namespace baton

#endif  // BATON_TRAINING_TRAINER_H_
