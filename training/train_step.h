#ifndef BATON_TRAINING_TRAIN_STEP_H_
#define BATON_TRAINING_TRAIN_STEP_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/worker_pool.h"
#include "optim/optimizer.h"
#include "state/state.h"
#include "training/batch_source.h"
#include "training/config.pb.h"
#include "training/micro_batch_gradient.h"

namespace baton {

// One step of training: gradient, clipping, update. The same bits for any number of workers: gradients are added in a
// fixed tree, norms in the order of fixed chunks, and each chunk is updated by itself. Not thread-safe.
class TrainStep {
 public:
  // What a step works with; all must outlive it. `state` is the one that Run() works on; it has
  // the groups that model, criterion, optimizer and configuration need.
  struct Parts {
    const TrainConfig& config;
    uint64_t seed;
    const Model& model;
    const Criterion& criterion;
    const Optimizer& optimizer;
    WorkerPool& pool;
    State& state;
    // Called by Run() when the gradient is computed, before it changes anything in the State. May be null.
    std::function<void()> before_update = nullptr;
  };
  explicit TrainStep(Parts parts);

  // Takes the step on the examples of `indices`: updates parameters, optimizer slots, buffers, the criterion's tensors,
  // the averages where there are any, the sums and the counters of the State. OutOfRange if training diverged: the loss
  // is not finite or, with clipping, the gradient's norm is not; the State is then as before. Without clipping no norm
  // is computed, and a gradient that is not finite goes into the parameters.
  absl::Status Run(const BatchSource& source, absl::Span<const int64_t> indices);

  // Of the last step that Run() took. The loss is the mean; the norm, before clipping, is computed only for clipping.
  double learning_rate() const { return learning_rate_; }
  double loss() const { return loss_; }
  std::optional<double> gradient_norm() const { return gradient_norm_; }

 private:
  // Calls `work(i)` for each chunk i, spread over the workers.
  absl::Status ForEachChunk(const std::function<void(size_t i)>& work);
  // Finishes the gradient and returns what it is to be divided by: the batch's weight, and more where it is clipped.
  absl::StatusOr<double> ClippingDivisor(double weight);
  absl::Status Update(double divisor);
  void UpdateBuffers();
  double LearningRate() const;
  absl::Status Diverged(absl::string_view what, double value) const;

  const Parts parts_;
  TrainingProgress& progress_;  // the State's
  MicroBatchGradient gradient_;
  std::vector<OptimizerChunk> chunks_;  // of the layout's chunks, in their order
  std::vector<at::Tensor> averages_;    // likewise; empty without an average
  std::vector<double> chunk_norms_;
  double learning_rate_ = 0;
  double loss_ = 0;
  std::optional<double> gradient_norm_;
};

}  // namespace baton

#endif  // BATON_TRAINING_TRAIN_STEP_H_
