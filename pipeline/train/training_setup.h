#ifndef BATON_PIPELINE_TRAIN_TRAINING_SETUP_H_
#define BATON_PIPELINE_TRAIN_TRAINING_SETUP_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "base/worker_pool.h"
#include "models/criterion.h"
#include "models/model.h"
#include "pipeline/config/config.pb.h"
#include "state/state.h"
#include "training/batch_source.h"
#include "training/fit.h"

namespace baton {

// What training works with, built from the configuration and the dataset.
struct TrainingSetup {
  at::Device device;
  std::unique_ptr<Model> model;
  std::unique_ptr<Criterion> criterion;
  TensorSource train;
  std::optional<TensorSource> validation;
  std::unique_ptr<WorkerPool> pool;
  // Named bytes that go into every snapshot.
  std::string vocabulary;
  std::string dataset_index;
};

// Reads the dataset in `dataset_folder`, all bytes verified, and builds the rest. DataLoss if its seal is not that of
// `dataset_version` ("sha256:..."), which the record names.
absl::StatusOr<TrainingSetup> SetUpTraining(FileSystem& fs, const PipelineConfig& config,
                                            const std::string& dataset_folder, const std::string& dataset_version);

// As the engine takes it, without snapshots and observers. Both must outlive what is returned.
Training ForEngine(const PipelineConfig& config, const TrainingSetup& setup);

// What says of a State that it belongs to the training of this key, and what inference needs.
void Identify(const PipelineConfig& config, const TrainingSetup& setup, const std::string& train_key, State& state);

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_TRAINING_SETUP_H_
