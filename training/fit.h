#ifndef BATON_TRAINING_FIT_H_
#define BATON_TRAINING_FIT_H_

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/worker_pool.h"
#include "models/criterion.h"
#include "models/model.h"
#include "state/snapshot_store.h"
#include "state/state.h"
#include "training/batch_source.h"
#include "training/config.pb.h"
#include "training/observer.h"

namespace baton {

// The training engine as a library: it knows no run directory, record or stage. examples/fit_tensors.cc is a program of
// a page that uses it.

// What a training works with; all of it must outlive the calls.
struct Training {
  const TrainConfig& config;
  // Of the order of the data, of initial values and of dropout.
  uint64_t seed = 0;
  const Model& model;
  const Criterion& criterion;
  const BatchSource& train;
  // Null: nothing is validated.
  const BatchSource* validation = nullptr;
  WorkerPool& pool;
  // Null: no snapshots are taken.
  SnapshotStore* snapshots = nullptr;
  std::vector<Observer*> observers = {};

  // Steps whose snapshots stay, beside those that the configuration keeps.
  std::set<uint64_t> kept_for_good = {};
  // Called before each snapshot appears, on the thread that writes it; an error prevents that. May be null.
  std::function<absl::Status()> before_snapshot = nullptr;
  // Training stops at this step as at a signal. 0: nowhere.
  uint64_t stop_at_step = 0;
};

// What the State of this training consists of: its groups of tensors, without their memory.
absl::StatusOr<GroupLayouts> LayoutsOf(const Training& training);

// OK if the configuration can be used with this model, criterion, data and number of workers, else InvalidArgument.
// Fit() asks it; for callers who have something to write before.
absl::Status CheckCanTrain(const Training& training);

// OK if a State with these groups can be trained; DataLoss names the first that differs.
absl::Status CheckFits(const Training& training, const GroupLayouts& groups);

// The State before the first step, with initial values drawn from the seed, on `device`.
absl::StatusOr<State> InitialState(const Training& training, at::Device device);

// The newest snapshot that verifies, or the State before the first step where there is none. What of the environment
// is another than when it was written is announced, or refused with train.strict_environment (FailedPrecondition).
absl::StatusOr<State> RestoreOrBegin(const Training& training, at::Device device);

// Takes steps from wherever `state` is until the first goal of the configuration is reached, or early stopping. The
// same bits for any number of workers, and however often it was stopped and resumed. Cancelled after a stop signal
// (base/signals.h) or at `stop_at_step`, with a snapshot to go on from where `snapshots` is not null; else only `state`
// has where training stopped. OutOfRange if training diverged. InvalidArgument if CheckCanTrain() or the first step
// refuses it, or the counters of `state` are of another configuration; DataLoss if CheckFits() refuses its groups. The
// error of a snapshot that could not be saved or of an observer. Snapshots are written while training goes on; none is
// in flight any more when this returns. Errors of libtorch are Statuses.
absl::StatusOr<StopReason> Fit(const Training& training, State& state);

}  // namespace baton

#endif  // BATON_TRAINING_FIT_H_
