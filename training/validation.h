#ifndef BATON_TRAINING_VALIDATION_H_
#define BATON_TRAINING_VALIDATION_H_

#include <vector>

#include "absl/status/status.h"
#include "base/worker_pool.h"
#include "models/criterion.h"
#include "models/model.h"
#include "optim/flat_tensors.h"
#include "state/state.pb.h"
#include "training/config.pb.h"
#include "training/examples.h"

namespace baton {

// What is validated: the parameters, the model's buffers and the criterion's tensors, these in the declared orders.
struct ValidatedTensors {
  const FlatTensors& parameters;
  std::vector<at::Tensor> buffers = {};
  std::vector<at::Tensor> criterion = {};
};

// Loss over the validation split and the criterion's metrics into `history`. Fixed batches, spread over the
// workers and summed in order, so that the bits do not depend on the workers. OutOfRange if the loss is not
// finite.
absl::Status Validate(const TrainConfig& config, const Model& model, const Criterion& criterion,
                      const ValidatedTensors& tensors, const Examples& examples, WorkerPool& pool,
                      EpochHistory& history);

// Takes the validation of the epoch that `history` describes (the current one of `progress`) into a plateau schedule,
// the best epoch by train.selection_metric, and early stopping.
void UpdateAfterValidation(const TrainConfig& config, const EpochHistory& history, TrainingProgress& progress);

}  // namespace baton

#endif  // BATON_TRAINING_VALIDATION_H_
