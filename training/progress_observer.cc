#include "training/progress_observer.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace baton {

ProgressObserver::ProgressObserver(uint64_t goal_steps, const State& state)
    : bar_("train", "steps", goal_steps, state.progress.step_index()) {
  if (state.progress.has_best()) best_validation_loss_ = state.progress.best().validation_loss();
}

absl::Status ProgressObserver::OnStep(const StepReport& step) {
  loss_sum_ += step.loss;
  ++steps_;
  if (!bar_.Due()) return absl::OkStatus();
  std::string detail =
      absl::StrFormat("epoch %d  loss %.4g", step.epoch_index + 1, loss_sum_ / static_cast<double>(steps_));
  if (best_validation_loss_.has_value()) {
    absl::StrAppendFormat(&detail, "  best validation %.4g", *best_validation_loss_);
  }
  bar_.Update(step.step_index, detail);
  loss_sum_ = 0;
  steps_ = 0;
  return absl::OkStatus();
}

absl::Status ProgressObserver::OnMeasurement(const Measurement& measurement) {
  if (!measurement.has_validation_loss()) return absl::OkStatus();
  best_validation_loss_ =
      std::min(best_validation_loss_.value_or(measurement.validation_loss()), measurement.validation_loss());
  return absl::OkStatus();
}

}  // namespace baton
