#ifndef BATON_TRAINING_MICRO_BATCH_GRADIENT_H_
#define BATON_TRAINING_MICRO_BATCH_GRADIENT_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/worker_pool.h"
#include "models/criterion.h"
#include "models/model.h"
#include "optim/flat_tensors.h"
#include "training/examples.h"

namespace baton {

// The gradient of a batch, the same bits for any number of workers. The batch is cut into V fixed micro-batches (V a
// power of two): micro-batch s holds rows s*n/V .. (s+1)*n/V - 1. Each micro-batch's gradient of its loss sum is
// computed alone, and the V gradients are added in a fixed binary tree:
//
//         ((g0 + g1) + (g2 + g3)) + ((g4 + g5) + (g6 + g7))
//
// A worker takes neighbouring micro-batches and adds what is complete in the tree as it goes, so that it needs about
// log2 V gradients of memory; what crosses workers is added afterwards, chunk by chunk, by all of them.
//
// Not thread-safe; uses all workers of the pool.
class MicroBatchGradient {
 public:
  // All references must outlive it. `seed` is the configuration's.
  MicroBatchGradient(const Model& model, const Criterion& criterion, const FlatTensors& parameters, int micro_batches,
                     uint64_t seed, WorkerPool& pool);
  ~MicroBatchGradient();

  struct Sums {
    double loss = 0;
    double weight = 0;
  };
  // Computes the micro-batches' gradients at step `step_index` (which seeds dropout, and the process-wide generator)
  // and adds within the workers. The sums are those of the whole batch, added in the order of the micro-batches.
  absl::StatusOr<Sums> Compute(const Examples& examples, absl::Span<const int64_t> indices, uint64_t step_index);

  // Adds what crosses workers, for one chunk, and returns the finished chunk of the gradient of the loss sum. Call once
  // for each chunk after Compute(), different chunks from any threads. Valid until the next Compute().
  at::Tensor FinishChunk(const FlatLayout::Chunk& chunk) const;

 private:
  struct Worker;
  // A node of the tree: micro-batches index * 2^level .. (index + 1) * 2^level - 1.
  struct Node {
    int level = 0;
    int64_t index = 0;
    FlatTensors* gradient = nullptr;
    bool IsLeftOf(const Node& other) const {
      return level == other.level && index % 2 == 0 && other.index == index + 1;
    }
  };

  void ComputeMicroBatch(Worker& worker, const Batch& batch, int64_t micro_batch, uint64_t step_index);
  // Decides which nodes of different workers are added, in the order of the tree.
  void PlanAdditions();

  const Model& model_;
  const Criterion& criterion_;
  const int64_t micro_batches_;
  const uint64_t seed_;
  WorkerPool& pool_;
  std::vector<Worker> workers_;
  std::vector<Sums> micro_batch_sums_;
  // Of the last Compute(): to the first of each pair the second is added, in this order; then root_ is the whole.
  std::vector<std::pair<FlatTensors*, FlatTensors*>> additions_;
  FlatTensors* root_ = nullptr;
};

}  // namespace baton

#endif  // BATON_TRAINING_MICRO_BATCH_GRADIENT_H_
