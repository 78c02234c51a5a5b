#ifndef BATON_TRAINING_FORWARD_BATCHES_H_
#define BATON_TRAINING_FORWARD_BATCHES_H_

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/worker_pool.h"
#include "models/model.h"
#include "optim/flat_tensors.h"
#include "training/batch_source.h"

namespace baton {

// Runs the model, without gradients and without dropout, over the first `batches` batches of the examples in their
// order, spread over the workers, and calls `use(batch_index, batch, outputs)` for each, on any worker, in no order.
// What a batch gives does not depend on the workers: write it to the place of its index and add up in order afterwards.
// An error of `use` ends its worker's share, and is returned when the others are done with theirs. `buffers` are the
// model's, in the declared order.
absl::Status ForwardBatches(
    const Model& model, const FlatTensors& parameters, absl::Span<const at::Tensor> buffers, const BatchSource& source,
    int64_t batch_size, int64_t batches, WorkerPool& pool,
    const std::function<absl::Status(int64_t batch_index, const Batch& batch, const at::Tensor& outputs)>& use);

int64_t BatchCount(int64_t rows, int64_t batch_size);

}  // namespace baton

#endif  // BATON_TRAINING_FORWARD_BATCHES_H_
