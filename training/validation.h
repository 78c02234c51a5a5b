#ifndef BATON_TRAINING_VALIDATION_H_
#define BATON_TRAINING_VALIDATION_H_

#include "absl/status/status.h"
#include "base/history.pb.h"
#include "base/worker_pool.h"
#include "models/criterion.h"
#include "models/model.h"
#include "optim/flat_tensors.h"
#include "state/state.pb.h"
#include "training/config.pb.h"
#include "training/examples.h"

namespace baton {

// Loss over the validation split, and accuracy for a classification, into `measurement`. Fixed batches, spread over the
// workers and summed in order, so that the bits do not depend on the workers. InvalidArgument if the loss is not
// finite.
absl::Status Validate(const TrainConfig& config, const Model& model, const Criterion& criterion,
                      const FlatTensors& parameters, const Examples& examples, WorkerPool& pool,
                      Measurement& measurement);

// Takes a validation into a plateau schedule, the best measurement by train.selection_metric, and early stopping.
void UpdateAfterValidation(const TrainConfig& config, const Measurement& measurement, TrainingProgress& progress);

}  // namespace baton

#endif  // BATON_TRAINING_VALIDATION_H_
