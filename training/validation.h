#ifndef BATON_TRAINING_VALIDATION_H_
#define BATON_TRAINING_VALIDATION_H_

#include "absl/status/status.h"
#include "base/history.pb.h"
#include "state/best.h"
#include "state/state.h"
#include "training/config.pb.h"
#include "training/fit.h"

namespace baton {

// Loss over the validation split and the criterion's metrics into `measurement`, with the weights that the State's
// model is used with. Fixed batches, at most train.validation_batches of them, spread over the workers and summed in
// order, so that the bits do not depend on the workers. OutOfRange if the loss is not finite.
absl::Status Validate(const Training& training, const State& state, Measurement& measurement);

// Takes a validation into a plateau schedule, the best measurement by train.selection_metric, and early stopping.
void UpdateAfterValidation(const TrainConfig& config, const Selection& selection, const Measurement& measurement,
                           TrainingProgress& progress);

}  // namespace baton

#endif  // BATON_TRAINING_VALIDATION_H_
