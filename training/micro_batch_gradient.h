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
#include "training/batch_source.h"

namespace baton {

// The gradient of a batch, the same bits for any number of workers. The batch is cut into V fixed micro-batches (V a
// power of two): micro-batch s holds rows s*n/V .. (s+1)*n/V - 1. Each micro-batch's gradient of its loss sum is
// computed alone, and the V gradients are added in a fixed binary tree:
//
//         ((g0 + g1) + (g2 + g3)) + ((g4 + g5) + (g6 + g7))
//
// A worker takes neighbouring micro-batches and adds what is complete in the tree as it goes, so that it needs about
// log2 V gradients of memory; what crosses workers is added afterwards, chunk by chunk, by all of them. A micro-batch
// without rows is left out.
//
// The tensors that training itself changes, the model's buffers and the criterion's, go the same way: each micro-batch
// changes a copy of its own, and the means of the copies, weighted by rows, are taken in the same tree. With V = 1 they
// are what the one copy holds, and a tensor that no micro-batch changes keeps its bits whatever V is.
//
// Not thread-safe; uses all workers of the pool.
class MicroBatchGradient {
 public:
  // What the gradient is taken at. The others may be null where the model, or the criterion, declares none.
  struct Tensors {
    const FlatTensors& parameters;
    const FlatTensors* buffers = nullptr;
    const FlatTensors* criterion = nullptr;
  };
  // All references must outlive it. `seed` is the configuration's.
  MicroBatchGradient(const Model& model, const Criterion& criterion, const Tensors& tensors, int micro_batches,
                     uint64_t seed, WorkerPool& pool);
  ~MicroBatchGradient();

  struct Sums {
    double loss = 0;
    double weight = 0;
  };
  // Computes the micro-batches' gradients at step `step_index`, which seeds what is drawn, and adds within the workers.
  // The sums are those of the whole batch, added in the order of the micro-batches. Changes none of the tensors.
  // InvalidArgument for a model that draws from the process-wide generator and does not say so, in the first call, or
  // while there are several workers.
  absl::StatusOr<Sums> Compute(const BatchSource& source, absl::Span<const int64_t> indices, uint64_t step_index);

  // Adds what crosses workers, for one chunk of the layout, and returns the finished chunk of the gradient of the loss
  // sum. Call once for each chunk after Compute(), different chunks from any threads. Valid until the next Compute().
  const at::Tensor& FinishChunk(size_t chunk) const;

  // Writes what the last Compute() made of buffers and criterion's tensors into them. Call once, from one thread.
  void UpdateBuffers() const;

 private:
  struct Worker;
  // What a micro-batch, or the micro-batches of a part of the tree, give.
  struct Part {
    FlatTensors gradient;
    std::vector<at::Tensor> chunks;  // of the gradient's layout: to make a view takes as long as to add small ones
    FlatTensors buffers;
    FlatTensors criterion;
    int64_t rows = 0;
  };
  // A node of the tree: micro-batches index * 2^level .. (index + 1) * 2^level - 1. Without a part if they have no
  // rows.
  struct Node {
    int level = 0;
    int64_t index = 0;
    Part* part = nullptr;
    bool IsLeftOf(const Node& other) const {
      return level == other.level && index % 2 == 0 && other.index == index + 1;
    }
  };

  void ComputeMicroBatch(Worker& worker, const Batch& batch, int64_t micro_batch, uint64_t step_index);
  Part* TakePart(Worker& worker);
  // Replaces the last two nodes by their parent, whose part is the left one's or, if that has no rows, the right one's.
  // `add` is called if both have rows.
  template <typename Add>
  static void Join(std::vector<Node>& nodes, const Add& add);
  // Decides which parts of different workers are added, in the order of the tree.
  void PlanAdditions();
  Sums ReadSums() const;

  const Model& model_;
  const Criterion& criterion_;
  const Tensors tensors_;
  const int64_t micro_batches_;
  const uint64_t seed_;
  WorkerPool& pool_;
  bool generator_checked_ = false;
  std::vector<Worker> workers_;
  std::vector<LossSum> losses_;  // of each micro-batch; undefined tensors for one without rows
  // Of the last Compute(): to the first of each pair the second is added, in this order; then root_ is the whole.
  std::vector<std::pair<Part*, Part*>> additions_;
  Part* root_ = nullptr;
};

// InvalidArgument for a model that draws from the process-wide generator, and several workers.
absl::Status CheckGenerator(const Model& model, int workers);

// InvalidArgument, with what to change, if a batch of an epoch of `rows` examples leaves a micro-batch with fewer rows
// than the model can be trained on, as batch normalisation has no statistics of one. Micro-batches without rows do no
// harm.
absl::Status CheckMicroBatchRows(const Model& model, int64_t rows, int64_t batch_size, int64_t micro_batches);

}  // namespace baton

#endif  // BATON_TRAINING_MICRO_BATCH_GRADIENT_H_
