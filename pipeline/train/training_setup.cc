#include "pipeline/train/training_setup.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/fields.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "data/dataset.h"
#include "google/protobuf/text_format.h"
#include "models/criterion_registry.h"
#include "models/model_registry.h"
#include "pipeline/train/data_shape.h"
#include "pipeline/train/trained_model.h"
#include "training/torch_setup.h"

namespace baton {
namespace {

// What inference needs of the configuration. Nothing that may change from run to run under the same key, such as
// whether a default was said.
std::string InferenceConfig(const PipelineConfig& config) {
  PipelineConfig part;
  *part.mutable_train()->mutable_model() = config.train().model();
  *part.mutable_train()->mutable_criterion() = config.train().criterion();
  ClearDefaults(part);
  std::string text;
  google::protobuf::TextFormat::PrintToString(part, &text);
  return text;
}

}  // namespace

absl::StatusOr<TrainingSetup> SetUpTraining(FileSystem& fs, const PipelineConfig& config,
                                            const std::string& dataset_folder, const std::string& dataset_version) {
  const std::string index_path = JoinPath(dataset_folder, kDatasetIndexFile);
  ASSIGN_OR_RETURN(std::string index, ReadFile(fs, index_path));
  ASSIGN_OR_RETURN(const Dataset dataset, ParseDatasetIndex(index, index_path));
  if (DatasetVersion(dataset) != dataset_version) {
    return absl::DataLossError(absl::StrCat(dataset_folder, " holds dataset ", DatasetVersion(dataset),
                                            ", but the record names ", dataset_version, "; run load again"));
  }
  const TrainConfig& train = config.train();
  ASSIGN_OR_RETURN(const at::Device device, ChooseDevice(train.device()));
  ASSIGN_OR_RETURN(const DataShape shape, ShapeOf(dataset));
  ASSIGN_OR_RETURN(auto model, BuildModel(train.model(), shape));
  ASSIGN_OR_RETURN(auto criterion, BuildCriterion(train.criterion(), shape));

  ASSIGN_OR_RETURN(const std::vector<HostTensor> train_split, ReadSplit(fs, dataset_folder, dataset, kTrainSplit));
  ASSIGN_OR_RETURN(TensorSource train_source, TensorSource::FromHost(train_split, device));
  std::optional<TensorSource> validation;
  if (FindSplit(dataset, kValidationSplit) != nullptr) {
    ASSIGN_OR_RETURN(const std::vector<HostTensor> split, ReadSplit(fs, dataset_folder, dataset, kValidationSplit));
    ASSIGN_OR_RETURN(validation, TensorSource::FromHost(split, device));
  }
  ASSIGN_OR_RETURN(auto pool, MakeWorkers(train.workers(), train.micro_batches(), train.threads_per_worker(), device));

  std::string vocabulary;
  if (shape.classes > 0) {
    ASSIGN_OR_RETURN(vocabulary, ReadNamedFile(fs, dataset_folder, dataset, kVocabularyFile));
  }
  return TrainingSetup{.device = device,
                       .model = std::move(model),
                       .criterion = std::move(criterion),
                       .train = std::move(train_source),
                       .validation = std::move(validation),
                       .pool = std::move(pool),
                       .vocabulary = std::move(vocabulary),
                       .dataset_index = std::move(index)};
}

Training ForEngine(const PipelineConfig& config, const TrainingSetup& setup) {
  return {.config = config.train(),
          .seed = config.seed(),
          .model = *setup.model,
          .criterion = *setup.criterion,
          .train = setup.train,
          .validation = setup.validation.has_value() ? &*setup.validation : nullptr,
          .pool = *setup.pool};
}

void Identify(const PipelineConfig& config, const TrainingSetup& setup, const std::string& train_key, State& state) {
  state.progress.set_train_key(train_key);
  state.vocabulary = setup.vocabulary;
  state.attachments[kDatasetAttachment] = setup.dataset_index;
  state.attachments[kConfigAttachment] = InferenceConfig(config);
}

}  // namespace baton
