#ifndef BATON_PIPELINE_TRAIN_TRAINING_SETUP_H_
#define BATON_PIPELINE_TRAIN_TRAINING_SETUP_H_

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "base/key.h"
#include "base/worker_pool.h"
#include "models/criterion.h"
#include "models/model.h"
#include "optim/optimizer.h"
#include "pipeline/config/config.pb.h"
#include "state/state.h"
#include "training/examples.h"

namespace baton {

// What training works with, built from the configuration and the dataset.
struct TrainingSetup {
  at::Device device;
  std::unique_ptr<Model> model;
  std::unique_ptr<Criterion> criterion;
  std::unique_ptr<Optimizer> optimizer;
  Examples train;
  std::optional<Examples> validation;
  std::unique_ptr<WorkerPool> pool;
  // Named bytes that go into every snapshot.
  std::string vocabulary;
  std::string dataset_index;
};

// Reads the dataset in `dataset_folder`, all bytes verified, and builds the rest. DataLoss if its seal is not that of
// `dataset_version` ("sha256:..."), which the record names.
absl::StatusOr<TrainingSetup> SetUpTraining(FileSystem& fs, const PipelineConfig& config,
                                            const std::string& dataset_folder, const std::string& dataset_version);

// The State before the first step.
State InitialState(const PipelineConfig& config, const TrainingSetup& setup, const KeyInputs& train_inputs);

// OK if a restored State has the tensors that the setup's model and optimizer need, and an average of the weights just
// if one is configured; DataLoss names the first that differs.
absl::Status CheckFits(const State& restored, const State& initial);

// Where this process computes.
Environment CurrentEnvironment(at::Device device);

// Name, old and new value of all that differs.
std::vector<std::array<std::string, 3>> EnvironmentDifferences(const Environment& before, const Environment& now);

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_TRAINING_SETUP_H_
