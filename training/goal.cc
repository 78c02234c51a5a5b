#include "training/goal.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

constexpr uint64_t kDefaultEpochs = 10;

}  // namespace

Position PositionOf(const TrainingProgress& progress) {
  return {.steps = progress.step_index(),
          .epochs = progress.epoch_index(),
          .inside_epoch = progress.train_batch_index() > 0};
}

Goal::Goal(const TrainConfig& config)
    : max_steps_(config.max_steps()),
      max_epochs_(config.max_epochs()),
      is_default_(max_steps_ == 0 && max_epochs_ == 0) {
  if (is_default_) max_epochs_ = kDefaultEpochs;
}

bool Goal::IsReached(const Position& position) const {
  return (max_steps_ > 0 && position.steps >= max_steps_) || (max_epochs_ > 0 && position.epochs >= max_epochs_);
}

bool Goal::IsPassed(const Position& position) const {
  const uint64_t epochs = position.epochs + (position.inside_epoch ? 1 : 0);
  return (max_steps_ > 0 && position.steps > max_steps_) || (max_epochs_ > 0 && epochs > max_epochs_);
}

uint64_t Goal::Steps(uint64_t steps_per_epoch) const {
  constexpr uint64_t kEndless = std::numeric_limits<uint64_t>::max();
  const uint64_t by_steps = max_steps_ > 0 ? max_steps_ : kEndless;
  const bool by_epochs = max_epochs_ > 0 && (steps_per_epoch == 0 || max_epochs_ <= kEndless / steps_per_epoch);
  return std::min(by_steps, by_epochs ? max_epochs_ * steps_per_epoch : kEndless);
}

std::string Goal::Text() const {
  const std::string steps = max_steps_ > 0 ? absl::StrCat("train.max_steps is ", max_steps_) : "";
  const std::string epochs = max_epochs_ > 0 ? absl::StrCat("train.max_epochs is ", max_epochs_) : "";
  return absl::StrCat(steps, !steps.empty() && !epochs.empty() ? " and " : "", epochs,
                      is_default_ ? " (the default)" : "");
}

uint64_t StepsPerEpoch(uint64_t examples, const TrainConfig& config) {
  const uint64_t batch_size = std::max<uint64_t>(1, config.batch_size());
  return examples / batch_size + (examples % batch_size > 0 ? 1 : 0);
}

}  // namespace baton
