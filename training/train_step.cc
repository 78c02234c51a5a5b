#include "training/train_step.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "optim/ema.h"
#include "optim/plateau.h"
#include "optim/schedule.h"

#include "third_party/torch_begin.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linalg_vector_norm.h>

#include "third_party/torch_end.h"

namespace baton {
TrainStep::TrainStep(Parts parts)
    : parts_(std::move(parts)),
      progress_(parts_.state.progress),
      gradient_(parts_.model, parts_.criterion,
                {.parameters = parts_.state.model(),
                 .buffers = parts_.state.Find(kBuffersGroup),
                 .criterion = parts_.state.Find(kCriterionGroup)},
                static_cast<int>(parts_.config.micro_batches()), parts_.seed, parts_.pool) {
  const State& state = parts_.state;
  const FlatTensors* const average = state.Find(kAverageGroup);
  for (const FlatLayout::Chunk& chunk : state.model().layout().chunks) {
    OptimizerChunk views{
        .parameters = state.model().ChunkView(chunk), .gradients = {}, .slots = {}, .weight_decay = chunk.weight_decay};
    for (const std::string& slot : parts_.optimizer.slots()) {
      views.slots.push_back(state.Find(OptimizerGroup(slot))->ChunkView(chunk));
    }
    chunks_.push_back(std::move(views));
    if (average != nullptr) averages_.push_back(average->ChunkView(chunk));
  }
  chunk_norms_.resize(chunks_.size());
}

absl::Status TrainStep::Run(const BatchSource& source, absl::Span<const int64_t> indices) {
  ASSIGN_OR_RETURN(const MicroBatchGradient::Sums sums, gradient_.Compute(source, indices, progress_.step_index()));
  if (!std::isfinite(sums.loss)) return Diverged("loss", sums.loss);
  // The gradient is of the loss sum; the division by the batch's weight is left to the optimizer's pass.
  double divisor = sums.weight;
  if (parts_.config.clip_norm() > 0) {
    ASSIGN_OR_RETURN(divisor, ClippingDivisor(sums.weight));
  }
  if (parts_.before_update) parts_.before_update();
  learning_rate_ = LearningRate();
  loss_ = sums.loss / sums.weight;
  RETURN_IF_ERROR(Update(divisor));
  UpdateBuffers();

  progress_.set_loss_sum(progress_.loss_sum() + sums.loss);
  progress_.set_weight_sum(progress_.weight_sum() + sums.weight);
  progress_.set_examples(progress_.examples() + indices.size());
  progress_.set_epoch_examples(progress_.epoch_examples() + indices.size());
  progress_.set_train_batch_index(progress_.train_batch_index() + 1);
  progress_.set_step_index(progress_.step_index() + 1);
  return absl::OkStatus();
}

absl::StatusOr<double> TrainStep::ClippingDivisor(double weight) {
  RETURN_IF_ERROR(ForEachChunk([this](size_t i) {
    chunks_[i].gradients = gradient_.FinishChunk(i);
    chunk_norms_[i] = at::linalg_vector_norm(chunks_[i].gradients).item<double>();
  }));
  double square = 0;
  for (const double norm : chunk_norms_) square += norm * norm;
  const double norm = std::sqrt(square) / weight;
  if (!std::isfinite(norm)) return Diverged("gradient's norm", norm);
  gradient_norm_ = norm;
  return weight * std::max(1.0, (norm + 1e-6) / parts_.config.clip_norm());
}

absl::Status TrainStep::Update(double divisor) {
  const bool finished = parts_.config.clip_norm() > 0;
  const bool first_step = progress_.step_index() == 0;
  return ForEachChunk([&](size_t i) {
    OptimizerChunk& chunk = chunks_[i];
    if (!finished) chunk.gradients = gradient_.FinishChunk(i);
    parts_.optimizer.Update(chunk, divisor, learning_rate_, progress_.step_index() + 1);
    if (!averages_.empty()) UpdateEma(parts_.config.ema(), first_step, chunk.parameters, averages_[i]);
  });
}

void TrainStep::UpdateBuffers() {
  const at::NoGradGuard no_gradients;
  gradient_.UpdateBuffers();
  const FlatTensors* const average = parts_.state.Find(kAverageBuffersGroup);
  if (average == nullptr) return;
  UpdateEma(parts_.config.ema(), /*first_step=*/progress_.step_index() == 0, parts_.state.buffers()->flat(),
            average->flat());
}

absl::Status TrainStep::ForEachChunk(const std::function<void(size_t i)>& work) {
  return parts_.pool.Run([&](int worker) {
    const at::NoGradGuard no_gradients;
    for (size_t i = worker; i < chunks_.size(); i += parts_.pool.size()) work(i);
    return absl::OkStatus();
  });
}

double TrainStep::LearningRate() const {
  const TrainConfig& config = parts_.config;
  const double scheduled =
      config.optimizer().learning_rate() *
      ScheduleFactor(config.schedule(), progress_.step_index(), progress_.schedule_horizon_steps());
  return config.schedule().has_plateau() ? scheduled * PlateauFactor(progress_.plateau()) : scheduled;
}

absl::Status TrainStep::Diverged(absl::string_view what, double value) const {
  return absl::OutOfRangeError(absl::StrCat(
      "the ", what, " is ", value, " at step ", progress_.step_index() + 1, " (epoch ", progress_.epoch_index() + 1,
      "): training diverged; lower train.optimizer.learning_rate or set train.clip_norm"));
}

}  // namespace baton
