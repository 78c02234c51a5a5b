#ifndef BATON_TRAINING_OBSERVER_H_
#define BATON_TRAINING_OBSERVER_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "base/history.pb.h"
#include "state/state.h"

namespace baton {

// What a step has computed anyway.
struct StepReport {
  // Steps and examples since the beginning of training, this step's included.
  uint64_t step_index = 0;
  uint64_t examples = 0;
  // Number of the epoch that the step belongs to, from 0.
  uint64_t epoch_index = 0;
  // Mean loss of the batch, before the update.
  double loss = 0;
  double learning_rate = 0;
  // Of the mean loss, before clipping; absent where nothing is clipped.
  std::optional<double> gradient_norm;
};

enum class StopReason { kMaxSteps, kMaxEpochs, kEarlyStopping };

// How progress, the record and trackers listen to a training. They cannot change it; an error ends it. All functions
// but OnSnapshot are called on the thread that trains, which waits for them.
class Observer {
 public:
  virtual ~Observer() = default;

  virtual absl::Status OnStep(const StepReport& /*step*/) { return absl::OkStatus(); }
  // After each validation, and where there is no validation split at the same steps.
  virtual absl::Status OnMeasurement(const Measurement& /*measurement*/) { return absl::OkStatus(); }
  virtual absl::Status OnEpoch(uint64_t /*epochs_finished*/) { return absl::OkStatus(); }
  // `saved` is durable. On the thread that writes snapshots, in their order, while training goes on.
  virtual absl::Status OnSnapshot(const State& /*saved*/) { return absl::OkStatus(); }
  // Training is over and all its snapshots are durable. Not called after an error or a signal.
  virtual absl::Status OnEnd(const State& /*state*/, StopReason /*reason*/) { return absl::OkStatus(); }
};

}  // namespace baton

#endif  // BATON_TRAINING_OBSERVER_H_
