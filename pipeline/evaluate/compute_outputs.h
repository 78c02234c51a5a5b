#ifndef BATON_PIPELINE_EVALUATE_COMPUTE_OUTPUTS_H_
#define BATON_PIPELINE_EVALUATE_COMPUTE_OUTPUTS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/worker_pool.h"
#include "pipeline/evaluate/holdout.h"
#include "pipeline/train/trained_model.h"

namespace baton {

// The model's outputs on the holdout as it gives them, row after row: `holdout.classes` scores each, or one number. The
// same bits for any number of workers. The model's parameters and the computation are on `device`. Cancelled after a
// stop signal.
absl::StatusOr<std::vector<float>> ComputeOutputs(const TrainedModel& trained, const Holdout& holdout,
                                                  int64_t batch_size, WorkerPool& pool, at::Device device);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_COMPUTE_OUTPUTS_H_
