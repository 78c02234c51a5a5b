#ifndef BATON_TRAINING_TRAIN_STEP_H_
#define BATON_TRAINING_TRAIN_STEP_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/worker_pool.h"
#include "optim/optimizer.h"
#include "state/state.h"
#include "training/config.pb.h"
#include "training/examples.h"
#include "training/micro_batch_gradient.h"

namespace baton {

// One step of training: gradient, clipping, update. The same bits for any number of workers: gradients are added in a
// fixed tree, norms in the order of fixed chunks, and each chunk is updated by itself. Not thread-safe.
class TrainStep {
 public:
  // All references must outlive it; `state` is the one that Run() works on, and has the optimizer's slots. Run() calls
  // `before_update`, if given, when the gradient is computed, before it changes anything in the State.
  TrainStep(const TrainConfig& config, uint64_t seed, const Model& model, const Criterion& criterion,
            const Optimizer& optimizer, WorkerPool& pool, State& state, std::function<void()> before_update = nullptr);

  // Takes the step on the examples of `indices`: updates parameters, optimizer slots, the average of the parameters
  // where there is one, the sums and the counters of `state`. InvalidArgument if the loss is not finite;
  // the parameters are then as before.
  absl::Status Run(const Examples& examples, absl::Span<const int64_t> indices);

  // Of the last step that Run() took.
  double learning_rate() const { return learning_rate_; }

 private:
  const TrainConfig& config_;
  const Optimizer& optimizer_;
  WorkerPool& pool_;
  State& state_;
  const std::function<void()> before_update_;
  MicroBatchGradient gradient_;
  std::vector<OptimizerChunk> chunks_;  // of the layout's chunks, in their order
  std::vector<at::Tensor> averages_;    // likewise; empty without an average
  std::vector<double> chunk_norms_;
  double learning_rate_ = 0;
};

}  // namespace baton

#endif  // BATON_TRAINING_TRAIN_STEP_H_
