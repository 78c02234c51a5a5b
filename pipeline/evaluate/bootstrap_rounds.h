#ifndef BATON_PIPELINE_EVALUATE_BOOTSTRAP_ROUNDS_H_
#define BATON_PIPELINE_EVALUATE_BOOTSTRAP_ROUNDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config/config.pb.h"
#include "pipeline/evaluate/holdout.h"
#include "pipeline/evaluate/round_files.h"
#include "pipeline/train/training_setup.h"

namespace baton {

// What the rounds of the bias-variance decomposition train with. All of it must outlive the call.
struct BootstrapTraining {
  FileSystem& fs;
  // The run's, with the step at which a schedule ends.
  const PipelineConfig& config;
  const TrainingSetup& setup;
  // The weights that the run's training began with; empty where they were drawn.
  const InitialWeights& initial_weights;
  const Holdout& holdout;
};

// The predictions of `config`'s rounds on the holdout, those of round 0 first: class numbers, or numbers in the
// target's own units. In each round the run's way to train is done again, as docs/evaluation.md says, on rows that were
// drawn for the round from the train split, from initial weights of its own. Rounds that have their file are not
// trained; the others are, on `workers` at once, and written as they end. The same bits for any number of workers, and
// however often it was killed.
//
// Cancelled after a stop signal; OutOfRange, naming the round, if one diverged; the error of a file.
absl::StatusOr<std::vector<double>> BootstrapPredictions(const BootstrapTraining& training, RoundFiles& files,
                                                         WorkerPool& workers);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_BOOTSTRAP_ROUNDS_H_
