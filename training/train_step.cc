#include "training/train_step.h"

#include <algorithm>
#include <cmath>
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
namespace {

absl::Status Diverged(absl::string_view what, double value, const TrainingProgress& progress) {
  return absl::InvalidArgumentError(absl::StrCat(
      "the ", what, " is ", value, " at step ", progress.step_index() + 1, " (epoch ", progress.epoch_index() + 1,
      "): training diverged; lower train.optimizer.learning_rate or set train.clip_norm"));
}

}  // namespace

TrainStep::TrainStep(const TrainConfig& config, uint64_t seed, const Model& model, const Criterion& criterion,
                     const Optimizer& optimizer, WorkerPool& pool, State& state, std::function<void()> before_update)
    : config_(config),
      optimizer_(optimizer),
      pool_(pool),
      state_(state),
      before_update_(std::move(before_update)),
      gradient_(model, criterion, state.model(), static_cast<int>(config.micro_batches()), seed, pool) {
  const FlatTensors* const average = state.Find(kAverageGroup);
  for (const FlatLayout::Chunk& chunk : state.model().layout().chunks) {
    OptimizerChunk views{
        .parameters = state.model().ChunkView(chunk), .gradients = {}, .slots = {}, .weight_decay = chunk.weight_decay};
    for (const std::string& slot : optimizer.slots()) {
      views.slots.push_back(state.Find(OptimizerGroup(slot))->ChunkView(chunk));
    }
    chunks_.push_back(std::move(views));
    if (average != nullptr) averages_.push_back(average->ChunkView(chunk));
  }
  chunk_norms_.resize(chunks_.size());
}

absl::Status TrainStep::Run(const Examples& examples, absl::Span<const int64_t> indices) {
  TrainingProgress& progress = state_.progress;
  ASSIGN_OR_RETURN(const MicroBatchGradient::Sums sums, gradient_.Compute(examples, indices, progress.step_index()));
  if (!std::isfinite(sums.loss)) return Diverged("loss", sums.loss, progress);

  learning_rate_ = config_.optimizer().learning_rate() *
                   ScheduleFactor(config_.schedule(), progress.step_index(), progress.schedule_horizon_steps());
  if (config_.schedule().has_plateau()) learning_rate_ *= PlateauFactor(progress.plateau());
  const bool clip = config_.clip_norm() > 0;
  const auto finish = [&](size_t i) {
    chunks_[i].gradients = gradient_.FinishChunk(state_.model().layout().chunks[i]);
    if (clip) chunk_norms_[i] = at::linalg_vector_norm(chunks_[i].gradients).item<double>();
  };
  const auto update = [&](size_t i, double divisor) {
    optimizer_.Update(chunks_[i], divisor, learning_rate_, progress.step_index() + 1);
    if (averages_.empty()) return;
    UpdateEma(config_.ema(), /*first_step=*/progress.step_index() == 0, chunks_[i].parameters, averages_[i]);
  };
  const auto for_own_chunks = [&](int worker, const auto& work) {
    const at::NoGradGuard no_gradients;
    for (size_t i = worker; i < chunks_.size(); i += pool_.size()) work(i);
    return absl::OkStatus();
  };

  // The gradient is of the loss sum; the division by the batch's weight is left to the optimizer's pass.
  double divisor = sums.weight;
  if (clip) {
    RETURN_IF_ERROR(pool_.Run([&](int worker) { return for_own_chunks(worker, finish); }));
    double square = 0;
    for (const double norm : chunk_norms_) square += norm * norm;
    const double norm = std::sqrt(square) / sums.weight;
    if (!std::isfinite(norm)) return Diverged("gradient's norm", norm, progress);
    divisor *= std::max(1.0, (norm + 1e-6) / config_.clip_norm());
  }
  if (before_update_) before_update_();
  RETURN_IF_ERROR(pool_.Run([&](int worker) {
    return for_own_chunks(worker, [&](size_t i) {
      if (!clip) finish(i);
      update(i, divisor);
    });
  }));

  progress.set_loss_sum(progress.loss_sum() + sums.loss);
  progress.set_weight_sum(progress.weight_sum() + sums.weight);
  progress.set_examples(progress.examples() + indices.size());
  progress.set_epoch_examples(progress.epoch_examples() + indices.size());
  progress.set_train_batch_index(progress.train_batch_index() + 1);
  progress.set_step_index(progress.step_index() + 1);
  return absl::OkStatus();
}

}  // namespace baton
