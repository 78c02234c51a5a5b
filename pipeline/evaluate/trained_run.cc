#include "pipeline/evaluate/trained_run.h"

#include <memory>
#include <utility>

#include "base/digest.h"
#include "base/files.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "data/dataset.h"
#include "data/vocabulary.h"
#include "google/protobuf/text_format.h"
#include "metadata/section_writer.h"
#include "metadata/store.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/plan/keys.h"
#include "state/snapshot_store.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/tensor.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

constexpr char kRawSha256[] = "f00d";

FileSystem& fs() { return Unsynced::Get(); }

template <typename Number>
HostTensor Tensor(std::string name, DType dtype, std::vector<int64_t> shape, const std::vector<Number>& values) {
  const char* const bytes = reinterpret_cast<const char*>(values.data());
  return {std::move(name), dtype, std::move(shape), std::string(bytes, values.size() * sizeof(Number))};
}

// Rows are numbered from 100 in the raw file.
SplitTensors MakeSplit(const std::string& name, int64_t columns, std::vector<float> features,
                       const std::vector<int64_t>& classes, const std::vector<float>& targets) {
  const int64_t rows = static_cast<int64_t>(classes.size() + targets.size());
  features.resize(rows * columns);
  std::vector<int64_t> row(rows);
  for (int64_t i = 0; i < rows; ++i) row[i] = 100 + i;
  SplitTensors split{.name = name, .rows = static_cast<uint64_t>(rows), .class_counts = {}, .tensors = {}};
  split.tensors = {
      Tensor("features", DType::kF32, {rows, columns}, features),
      classes.empty() ? Tensor("target", DType::kF32, {rows}, targets) : Tensor("target", DType::kI64, {rows}, classes),
      Tensor("row", DType::kI64, {rows}, row)};
  return split;
}

Dataset WriteLoadOutputs(const TrainedRun& made, const std::string& folder) {
  std::vector<int64_t> train_classes;
  for (size_t c = 0; c < made.train_counts.size(); ++c)
    train_classes.insert(train_classes.end(), made.train_counts[c], c);
  SplitTensors train = MakeSplit("train", made.columns, {}, train_classes, made.train_targets);
  train.class_counts = made.train_counts;
  SplitTensors holdout =
      MakeSplit("holdout", made.columns, made.holdout_features, made.holdout_classes, made.holdout_targets);
  holdout.class_counts.resize(made.class_labels.size());
  for (const int64_t c : made.holdout_classes) ++holdout.class_counts[c];

  Dataset dataset;
  dataset.set_task(made.config.load().task());
  for (int64_t i = 0; i < made.columns; ++i) dataset.add_features()->set_name("x" + std::to_string(i));
  dataset.mutable_target()->set_name("y");
  if (made.target_scale != 0) {
    dataset.mutable_target()->set_mean(made.target_mean);
    dataset.mutable_target()->set_standard_deviation(made.target_scale);
  }
  std::vector<SmallFile> files;
  if (!made.class_labels.empty()) {
    dataset.set_class_count(made.class_labels.size());
    files.push_back({"vocabulary.json", Vocabulary::Create(made.class_labels)->ToJson()});
  }
  EXPECT_THAT(MakeFolders(fs(), folder), IsOk());
  EXPECT_THAT(WriteDataset(fs(), folder, {train, holdout}, files, dataset), IsOk());
  return dataset;
}

template <typename Section>
Section Complete(MetadataStore& store, const KeyInputs& inputs, const std::function<void(Section&)>& edit) {
  SectionWriter<Section> writer(store);
  EXPECT_THAT(writer.BeginAttempt(inputs, {}), IsOk());
  EXPECT_THAT(writer.FinishAttempt(StageRun::COMPLETE, "", edit), IsOk());
  Section section;
  edit(section);
  return section;
}

SnapshotReference WriteSnapshot(const TrainedRun& made, const RunDirectory& run, const std::string& key, uint64_t step,
                                const std::string& dataset_index, double factor) {
  const int64_t outputs = static_cast<int64_t>(made.bias.size());
  const std::vector<ParameterSpec> parameters = {
      {.name = "layers.0.weight", .shape = {outputs, made.columns}, .weight_decay = true},
      {.name = "layers.0.bias", .shape = {outputs}}};
  State state;
  state.groups = {{kModelGroup, FlatTensors(FlatLayout::Create(parameters).value(), at::kCPU)}};
  state.model().views()[0].copy_(at::tensor(made.weight).view({outputs, made.columns}).mul(factor));
  state.model().views()[1].copy_(at::tensor(made.bias).mul(factor));
  state.progress.set_step_index(step);
  state.attachments["dataset.binpb"] = dataset_index;
  PipelineConfig config;
  *config.mutable_train()->mutable_model() = made.config.train().model();
  google::protobuf::TextFormat::PrintToString(config, &state.attachments["pipeline.textproto"]);
  if (!made.class_labels.empty()) state.vocabulary = Vocabulary::Create(made.class_labels)->ToJson();
  SnapshotStore snapshots(fs(), run.OutputFolder(kTrainStage, key));
  const absl::StatusOr<SnapshotIndex> index = snapshots.Save(state);
  EXPECT_THAT(index, IsOk());
  SnapshotReference reference;
  reference.set_path(run.Relative(snapshots.PathOf(step)));
  reference.set_step_index(step);
  reference.set_sha256(index->sha256());
  const std::string model = JoinPath(snapshots.PathOf(step), "model.safetensors");
  reference.set_model_sha256(DigestFile(fs(), model, DigestKind::kSha256)->hex);
  return reference;
}

PipelineConfig Config(const std::string& text) {
  PipelineConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config));
  return config;
}

}  // namespace

void TrainedRun::Write(const std::string& run_dir) const {
  const RunDirectory run(run_dir);
  ASSERT_THAT(MakeFolders(fs(), run_dir), IsOk());
  ASSERT_THAT(SaveConfig(fs(), run_dir, config), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(fs(), run_dir, "made by hand"));
  const KeyInputs load_inputs = LoadKey(config, kRawSha256);
  const std::string dataset_folder = run.OutputFolder(kLoadStage, load_inputs.Key());
  const Dataset dataset = WriteLoadOutputs(*this, dataset_folder);
  const LoadSection load = Complete<LoadSection>(*store, load_inputs, [&](LoadSection& section) {
    section.set_raw_file_sha256(kRawSha256);
    section.set_dataset_version(DatasetVersion(dataset));
    for (const Split& split : dataset.splits()) {
      SplitSummary& summary = *section.add_splits();
      summary.set_name(split.name());
      summary.set_rows(split.rows());
    }
  });
  const KeyInputs train_inputs = TrainKey(config, load, TrainSection());
  ASSERT_OK_AND_ASSIGN(std::string index, ReadFile(fs(), JoinPath(dataset_folder, kDatasetIndexFile)));
  if (!foreign_dataset_index.empty()) index = foreign_dataset_index;
  const SnapshotReference best = WriteSnapshot(*this, run, train_inputs.Key(), 8, index, 1);
  const SnapshotReference last = WriteSnapshot(*this, run, train_inputs.Key(), 16, index, -1);
  Complete<TrainSection>(*store, train_inputs, [&](TrainSection& section) {
    *section.mutable_best_snapshot() = best;
    *section.mutable_last_snapshot() = last;
    section.set_stop_reason(TrainSection::EARLY_STOPPING);
    for (int epoch = 1; epoch <= 2; ++epoch) {
      Measurement& measurement = *section.add_history();
      measurement.set_epoch_index(epoch);
      measurement.set_step_index(8 * epoch);
      measurement.set_train_loss(0.5 / epoch);
    }
    section.set_epochs_done(2);
    section.set_steps_done(16);
  });
}

TrainedRun Classification() {
  return {.config =
              Config("name: 'made by hand' load { raw_filepath: '/data.csv' target_column: 'y' task: CLASSIFICATION } "
                     "train { model { logistic {} } criterion { cross_entropy {} } optimizer { sgd {} } "
                     "        device: 'cpu' } evaluate { batch_size: 2 }"),
          .columns = 2,
          .holdout_features = {2, 0.5, 0, 1, -1, -2, 1, 1.5, 3, -1, -0.5, 0.25, 0.5, -2},
          .holdout_classes = {0, 1, 2, 0, 0, 2, 1},
          .holdout_targets = {},
          .train_targets = {},
          .train_counts = {10, 6, 4},
          .class_labels = {"blue", "green", "red"},
          .weight = {1, 0, 0, 1, -1, -1},
          .bias = {0, 0, 0}};
}

TrainedRun Regression(bool standardized) {
  TrainedRun made{.config = Config("load { raw_filepath: '/data.csv' target_column: 'y' task: REGRESSION } "
                                   "train { model { linear {} } criterion { mean_squared_error {} } "
                                   "        optimizer { sgd {} } device: 'cpu' }"),
                  .holdout_features = {0, 0.5, -1},
                  .holdout_classes = {},
                  .holdout_targets = {110, 115, 95},
                  .train_targets = {90, 120, 120},
                  .train_counts = {},
                  .class_labels = {},
                  .weight = {20},
                  .bias = {110}};
  if (!standardized) return made;
  made.holdout_targets = {1, 1.5, -0.5};
  made.train_targets = {-1, 1};
  made.target_mean = 100;
  made.target_scale = 10;
  made.weight = {2};
  made.bias = {1};
  return made;
}

Metadata ReadRecord(const std::string& run_dir) {
  const auto store = MetadataStore::Open(fs(), run_dir, "");
  return (*store)->Read().value();
}

void EditTrain(const std::string& run_dir, const std::function<void(TrainSection&)>& edit) {
  ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(fs(), run_dir, ""));
  SectionWriter<TrainSection> writer(*store);
  ASSERT_THAT(writer.Update(edit), IsOk());
}

}  // namespace baton
