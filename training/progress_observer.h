#ifndef BATON_TRAINING_PROGRESS_OBSERVER_H_
#define BATON_TRAINING_PROGRESS_OBSERVER_H_

#include <cstdint>
#include <optional>

#include "base/progress.h"
#include "training/observer.h"

namespace baton {

// Shows on a terminal how far training is: steps, epoch, loss, the best validation so far, and how long it will take.
class ProgressObserver : public Observer {
 public:
  // `goal_steps` are those of the whole training; `state` is where it begins or goes on.
  ProgressObserver(uint64_t goal_steps, const State& state);

  absl::Status OnStep(const StepReport& step) override;
  absl::Status OnMeasurement(const Measurement& measurement) override;

 private:
  Progress bar_;
  // Of the steps since the last one that was shown.
  double loss_sum_ = 0;
  uint64_t steps_ = 0;
  std::optional<double> best_validation_loss_;
};

}  // namespace baton

#endif  // BATON_TRAINING_PROGRESS_OBSERVER_H_
