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

// The State before the first step, of which no tensor was made yet.
struct StateOutline {
  // What the model, the optimizer and the configuration need, in State's order.
  GroupLayouts groups;
  // All but tensors.
  State rest;
};

// InvalidArgument if the model is larger than memory can hold.
absl::StatusOr<StateOutline> OutlineState(const PipelineConfig& config, const TrainingSetup& setup,
                                          const KeyInputs& train_inputs);
// Makes its tensors, with their initial values.
absl::StatusOr<State> InitialState(const PipelineConfig& config, const TrainingSetup& setup,
                                   const StateOutline& outline);
// Those of the criterion, as a group of a State.
absl::StatusOr<FlatTensors> CriterionTensors(const TrainingSetup& setup);

// OK if a State with these groups and this key can go on as the outline says: it has the tensors that model and
// optimizer need, and an average of the weights just if one is configured. DataLoss names the first that differs.
absl::Status CheckFits(const GroupLayouts& restored, const std::string& train_key, const StateOutline& outline);

// Where this process computes.
Environment CurrentEnvironment(at::Device device);

// Name, old and new value of all that differs.
std::vector<std::array<std::string, 3>> EnvironmentDifferences(const Environment& before, const Environment& now);

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_TRAINING_SETUP_H_
