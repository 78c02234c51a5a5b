#include "pipeline/train/training_setup.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/fields.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "base/usage.h"
#include "base/version.h"
#include "data/dataset.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
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

absl::Status CheckSameLayout(absl::string_view what, const FlatLayout& restored, const FlatLayout& expected) {
  for (size_t i = 0; i < std::max(restored.entries.size(), expected.entries.size()); ++i) {
    const auto describe = [i](const FlatLayout& layout) {
      if (i >= layout.entries.size()) return std::string("nothing");
      const FlatLayout::Entry& entry = layout.entries[i];
      return absl::StrCat("'", entry.name, "' [", absl::StrJoin(entry.shape, ", "), "]",
                          entry.weight_decay ? " with weight decay" : "");
    };
    if (describe(restored) != describe(expected)) {
      return absl::DataLossError(absl::StrCat("the snapshot's ", what, " has ", describe(restored),
                                              " where the model has ", describe(expected)));
    }
  }
  return absl::OkStatus();
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
  ASSIGN_OR_RETURN(const at::Device device, ChooseDevice(config.train().device()));
  ASSIGN_OR_RETURN(const DataShape shape, ShapeOf(dataset));
  ASSIGN_OR_RETURN(auto model, BuildModel(config.train().model(), shape));
  ASSIGN_OR_RETURN(auto criterion, BuildCriterion(config.train().criterion(), shape));
  ASSIGN_OR_RETURN(auto optimizer, BuildOptimizer(config.train().optimizer()));

  ASSIGN_OR_RETURN(const std::vector<HostTensor> train, ReadSplit(fs, dataset_folder, dataset, kTrainSplit));
  ASSIGN_OR_RETURN(Examples train_examples, Examples::Create(train, device));
  std::optional<Examples> validation;
  if (FindSplit(dataset, kValidationSplit) != nullptr) {
    ASSIGN_OR_RETURN(const std::vector<HostTensor> tensors, ReadSplit(fs, dataset_folder, dataset, kValidationSplit));
    ASSIGN_OR_RETURN(validation, Examples::Create(tensors, device));
  }

  ASSIGN_OR_RETURN(auto pool, MakeWorkers(config.train().workers(), config.train().micro_batches(),
                                          config.train().threads_per_worker(), device));
  std::string vocabulary;
  if (shape.classes > 0) {
    ASSIGN_OR_RETURN(vocabulary, ReadNamedFile(fs, dataset_folder, dataset, kVocabularyFile));
  }
  return TrainingSetup{.device = device,
                       .model = std::move(model),
                       .criterion = std::move(criterion),
                       .optimizer = std::move(optimizer),
                       .train = std::move(train_examples),
                       .validation = std::move(validation),
                       .pool = std::move(pool),
                       .vocabulary = std::move(vocabulary),
                       .dataset_index = std::move(index)};
}

State InitialState(const PipelineConfig& config, const TrainingSetup& setup, const KeyInputs& train_inputs) {
  State state;
  const auto layout = std::make_shared<const FlatLayout>(setup.model->parameters());
  state.model = FlatTensors(layout, setup.device);
  Initialize(setup.model->parameters(), config.seed(), state.model);
  if (config.train().has_ema()) state.ema = state.model.CopyTo(setup.device);
  for (const std::string& slot : setup.optimizer->slots()) {
    state.optimizer.emplace_back(slot, FlatTensors(layout, setup.device));
  }
  const std::vector<ParameterSpec>& criterion_specs = setup.criterion->tensors();
  FlatTensors criterion(std::make_shared<const FlatLayout>(criterion_specs), setup.device);
  Initialize(criterion_specs, config.seed(), criterion);
  for (size_t i = 0; i < criterion_specs.size(); ++i) {
    state.criterion.emplace_back(criterion_specs[i].name, criterion.views()[i]);
  }
  TrainingProgress& progress = state.progress;
  progress.set_epoch_index(0);
  progress.set_train_batch_index(0);
  progress.set_step_index(0);
  progress.set_epoch_loss_sum(0);
  progress.set_epoch_weight_sum(0);
  progress.set_schedule_horizon_steps(config.train().schedule().horizon_steps());
  progress.set_train_key(train_inputs.Key());
  progress.set_micro_batches(config.train().micro_batches());
  progress.set_threads_per_worker(config.train().threads_per_worker());
  state.environment = CurrentEnvironment(setup.device);
  state.vocabulary = setup.vocabulary;
  state.attachments[kDatasetAttachment] = setup.dataset_index;
  state.attachments[kConfigAttachment] = InferenceConfig(config);
  return state;
}

absl::Status CheckFits(const State& restored, const State& initial) {
  RETURN_IF_ERROR(CheckSameLayout("model", restored.model.layout(), initial.model.layout()));
  const auto slots = [](const State& state) {
    return absl::StrJoin(state.optimizer, ", ", [](std::string* out, const auto& slot) { *out += slot.first; });
  };
  if (slots(restored) != slots(initial)) {
    return absl::DataLossError(absl::StrCat("the snapshot's optimizer has the slots [", slots(restored),
                                            "] where the configured one has [", slots(initial), "]"));
  }
  if (restored.ema.has_value() != initial.ema.has_value()) {
    return absl::DataLossError(restored.ema.has_value()
                                   ? "the snapshot holds an average of the weights, but train.ema is not set"
                                   : "the snapshot holds no average of the weights, but train.ema is set");
  }
  if (restored.progress.train_key() != initial.progress.train_key()) {
    return absl::DataLossError(absl::StrCat("the snapshot belongs to the train key ", restored.progress.train_key(),
                                            ", not to ", initial.progress.train_key()));
  }
  return absl::OkStatus();
}

Environment CurrentEnvironment(at::Device device) {
  Environment environment;
  environment.set_device(device.is_cpu() ? "cpu" : "cuda");
  environment.set_cpu_model(CpuModel());
  environment.set_cpu_capability(CpuCapability());
  if (const std::string gpu = GpuModel(device); !gpu.empty()) environment.set_gpu_model(gpu);
  environment.set_libtorch_version(LibtorchVersion());
  environment.set_program_version(kVersion);
  return environment;
}

std::vector<std::array<std::string, 3>> EnvironmentDifferences(const Environment& before, const Environment& now) {
  std::vector<std::array<std::string, 3>> differences;
  const google::protobuf::Descriptor& descriptor = *Environment::descriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = descriptor.field(i);
    const std::string old_value = before.GetReflection()->GetString(before, field);
    const std::string new_value = now.GetReflection()->GetString(now, field);
    if (old_value != new_value) differences.push_back({field->name(), old_value, new_value});
  }
  return differences;
}

}  // namespace baton
