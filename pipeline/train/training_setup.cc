#include "pipeline/train/training_setup.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/fields.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "base/usage.h"
#include "base/version.h"
#include "data/dataset.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "pipeline/plan/keys.h"
#include "pipeline/train/data_shape.h"
#include "pipeline/train/trained_model.h"
#include "training/forward_batches.h"
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
  ASSIGN_OR_RETURN(auto criterion, BuildCriterion(config.train().criterion(), shape.classes, device));
  ASSIGN_OR_RETURN(auto optimizer, BuildOptimizer(config.train().optimizer()));

  ASSIGN_OR_RETURN(const std::vector<HostTensor> train, ReadSplit(fs, dataset_folder, dataset, kTrainSplit));
  ASSIGN_OR_RETURN(Examples train_examples, Examples::Create(train, device));
  std::optional<Examples> validation;
  if (FindSplit(dataset, kValidationSplit) != nullptr) {
    ASSIGN_OR_RETURN(const std::vector<HostTensor> tensors, ReadSplit(fs, dataset_folder, dataset, kValidationSplit));
    ASSIGN_OR_RETURN(validation, Examples::Create(tensors, device));
  }

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
                       .pool = MakeWorkers(config.train().workers(), config.train().micro_batches(),
                                           config.train().threads_per_worker(), device),
                       .vocabulary = std::move(vocabulary),
                       .dataset_index = std::move(index)};
}

absl::StatusOr<StateOutline> OutlineState(const PipelineConfig& config, const TrainingSetup& setup,
                                          const KeyInputs& train_inputs) {
  StateOutline outline;
  ASSIGN_OR_RETURN(const std::shared_ptr<const FlatLayout> layout, FlatLayout::Create(setup.model->parameters()));
  outline.groups.emplace_back(kModelGroup, layout);
  if (config.train().has_ema()) outline.groups.emplace_back(kAverageGroup, layout);
  if (!setup.criterion->tensors().empty()) {
    ASSIGN_OR_RETURN(const FlatTensors criterion, CriterionTensors(setup));
    outline.groups.emplace_back(kCriterionGroup, criterion.shared_layout());
  }
  for (const std::string& slot : setup.optimizer->slots()) outline.groups.emplace_back(OptimizerGroup(slot), layout);

  State& state = outline.rest;
  TrainingProgress& progress = state.progress;
  progress.set_epoch_index(0);
  progress.set_train_batch_index(0);
  progress.set_step_index(0);
  progress.set_examples(0);
  progress.set_epoch_examples(0);
  progress.set_loss_sum(0);
  progress.set_weight_sum(0);
  if (const std::optional<uint64_t> epochs = ScheduleHorizonEpochs(train_inputs)) {
    progress.set_schedule_horizon_steps(*epochs * BatchCount(setup.train.rows(), config.train().batch_size()));
  } else {
    progress.set_schedule_horizon_steps(config.train().schedule().horizon_steps());
  }
  progress.set_train_key(train_inputs.Key());
  progress.set_micro_batches(config.train().micro_batches());
  progress.set_threads_per_worker(config.train().threads_per_worker());
  state.environment = CurrentEnvironment(setup.device);
  state.vocabulary = setup.vocabulary;
  state.attachments[kDatasetAttachment] = setup.dataset_index;
  state.attachments[kConfigAttachment] = InferenceConfig(config);
  return outline;
}

absl::StatusOr<State> InitialState(const PipelineConfig& config, const TrainingSetup& setup,
                                   const StateOutline& outline) {
  State state = outline.rest;
  for (const auto& [name, layout] : outline.groups) {
    if (name == kAverageGroup) {
      state.groups.push_back({name, state.model().CopyTo(setup.device)});
    } else if (name == kCriterionGroup) {
      ASSIGN_OR_RETURN(FlatTensors criterion, CriterionTensors(setup));
      state.groups.push_back({name, std::move(criterion)});
    } else {
      state.groups.push_back({name, FlatTensors(layout, setup.device)});
      if (name == kModelGroup) Initialize(setup.model->parameters(), config.seed(), state.groups.back().tensors);
    }
  }
  return state;
}

absl::StatusOr<FlatTensors> CriterionTensors(const TrainingSetup& setup) { return Flatten(setup.criterion->tensors()); }

absl::Status CheckFits(const GroupLayouts& restored, const std::string& train_key, const StateOutline& outline) {
  const auto find = [](const GroupLayouts& groups, absl::string_view name) -> const FlatLayout* {
    const auto found = std::find_if(groups.begin(), groups.end(), [name](const auto& g) { return g.first == name; });
    return found == groups.end() ? nullptr : found->second.get();
  };
  static const FlatLayout& none = *new FlatLayout();
  const FlatLayout* const model = find(restored, kModelGroup);
  RETURN_IF_ERROR(CheckSameLayout("model", model != nullptr ? *model : none, *find(outline.groups, kModelGroup)));
  const auto slots = [](const GroupLayouts& groups) {
    std::vector<absl::string_view> names;
    for (const auto& [name, layout] : groups) {
      absl::string_view slot = name;
      if (absl::ConsumePrefix(&slot, kOptimizerPrefix)) names.push_back(slot);
    }
    return absl::StrJoin(names, ", ");
  };
  if (slots(restored) != slots(outline.groups)) {
    return absl::DataLossError(absl::StrCat("the snapshot's optimizer has the slots [", slots(restored),
                                            "] where the configured one has [", slots(outline.groups), "]"));
  }
  const bool has_average = find(restored, kAverageGroup) != nullptr;
  if (has_average != (find(outline.groups, kAverageGroup) != nullptr)) {
    return absl::DataLossError(has_average ? "the snapshot holds an average of the weights, but train.ema is not set"
                                           : "the snapshot holds no average of the weights, but train.ema is set");
  }
  if (train_key != outline.rest.progress.train_key()) {
    return absl::DataLossError(absl::StrCat("the snapshot belongs to the train key ", train_key, ", not to ",
                                            outline.rest.progress.train_key()));
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
