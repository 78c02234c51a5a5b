#ifndef BATON_PIPELINE_EVALUATE_COMPUTE_OUTPUTS_H_
#define BATON_PIPELINE_EVALUATE_COMPUTE_OUTPUTS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/progress.h"
#include "base/worker_pool.h"
#include "models/model.h"
#include "optim/flat_tensors.h"
#include "training/batch_source.h"

namespace baton {

// A model with tensors of its own; `buffers` without any where it has none. They must outlive what uses it.
struct ModelInUse {
  const Model& model;
  const FlatTensors& parameters;
  const FlatTensors& buffers;
};

// The model's outputs for all examples, in their order: `classes` scores a row, or where that is 0 one number a row,
// scaled as the target was for training. Computed in batches of `batch_size`, spread over the workers; the same bits
// for any number of them. `progress`, if there is one, counts rows. Cancelled after a stop signal. Throws what libtorch
// throws.
absl::StatusOr<std::vector<float>> ComputeOutputs(const ModelInUse& model, const TensorSource& examples,
                                                  int64_t classes, int64_t batch_size, WorkerPool& pool,
                                                  Progress* progress = nullptr);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_COMPUTE_OUTPUTS_H_
