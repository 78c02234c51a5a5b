#include "tests/small_pipeline.h"

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/digest_cache.h"
#include "base/files.h"
#include "base/testing/faulty_file_system.h"
#include "data/dataset.h"
#include "gtest/gtest.h"
#include "metadata/store.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/evaluate/evaluate_stage.h"
#include "pipeline/load/load_stage.h"
#include "pipeline/plan/outputs.h"
#include "state/snapshot_store.h"
#include "tests/pipeline_harness.h"
#include "tests/record_commits.h"

namespace baton {
namespace {

// 32 rows are trained on: 4 steps an epoch, the last one with fewer rows than there are micro-batches. A snapshot every
// 3 steps is in another place of each epoch. The fourth epoch is the best, the seventh the last; the learning rate
// falls twice. The model has buffers.
constexpr int kRows = 56;
constexpr char kConfig[] = R"(
name: "small"
seed: 7
load {
  raw_filepath: "table.csv"
  table {
    target_column: "kind"
    task: CLASSIFICATION
    feature_shape: [1, 2, 2]
  }
  split { validation_fraction: 0.2 holdout_fraction: 0.2 }
}
train {
  model { convnet { channels: 2 kernel: 1 pool: 1 batch_norm: true hidden_sizes: 6 dropout: 0.3 } }
  criterion { cross_entropy {} }
  optimizer { learning_rate: 0.1 weight_decay: 0.01 adamw {} }
  schedule { plateau { factor: 0.5 patience: 0 } warmup_steps: 3 }
  ema { decay: 0.5 }
  clip_norm: 1
  batch_size: 10
  micro_batches: 4
  workers: 1
  max_epochs: 8
  early_stopping { patience: 3 }
  snapshots { every_steps: 3 every_seconds: 0 keep_last: 2 keep_every_steps: 6 }
  device: "cpu"
}
evaluate { bias_variance { rounds: 3 } }
)";

Result FilesBelow(const std::string& run_dir, const std::string& folder) {
  Result files;
  for (const auto& [name, file] : StateOf(JoinPath(run_dir, folder))) {
    if (!file.is_folder) files[JoinPath(folder, name)] = file.contents;
  }
  return files;
}

// Complete: its outputs are as the record says.
void AddMissing(const std::string& run_dir, const StageRun& stage,
                const google::protobuf::RepeatedPtrField<Artifact>& outputs, std::vector<std::string>& torn) {
  if (stage.status() != StageRun::COMPLETE) return;
  DigestCache no_cache(FileSystem::Posix(), JoinPath(run_dir, "no cache"));
  const absl::Status status = VerifyOutputs(RunDirectory(run_dir), outputs, no_cache);
  if (!status.ok()) torn.push_back(absl::StrCat("named by the record: ", status.message()));
}

}  // namespace

Metadata ReadRecordOf(const std::string& run_dir) {
  const auto store = MetadataStore::Open(FileSystem::Posix(), run_dir, "");
  const absl::StatusOr<Metadata> record = store.ok() ? (*store)->Read() : store.status();
  EXPECT_TRUE(record.ok()) << record.status();
  return record.ok() ? *record : Metadata();
}

std::vector<std::string> FindTorn(const std::string& run_dir) {
  FileSystem& fs = FileSystem::Posix();
  std::vector<std::string> torn;
  const auto add = [&torn](const std::string& path, const absl::Status& status) {
    if (!status.ok()) torn.push_back(absl::StrCat(path, ": ", status.message()));
  };
  for (const auto& entry : std::filesystem::recursive_directory_iterator(run_dir)) {
    const std::string path = entry.path(), name = BaseName(path), stage = BaseName(ParentFolder(path));
    if (absl::StrContains(path, "/.tmp-")) continue;
    // Nobody has damaged anything: what was set aside was found torn.
    if (absl::StrContains(name, ".damaged")) {
      torn.push_back(absl::StrCat(path, ": was set aside"));
      continue;
    }
    if (absl::StartsWith(name, "step-")) add(path, LoadSnapshot(fs, path, at::kCPU).status());
    if (entry.is_directory() && stage == kLoadStage) add(path, VerifyDataset(fs, path).status());
    if (entry.is_directory() && stage == kEvaluateStage && std::filesystem::is_empty(path)) {
      torn.push_back(absl::StrCat(path, ": is empty"));
    }
  }
  if (const std::string config = JoinPath(run_dir, "config.textproto"); std::filesystem::exists(config)) {
    // The last field that is written.
    if (!absl::EndsWith(ReadText(config), "}\n")) torn.push_back(absl::StrCat(config, ": is cut off"));
  }
  const std::vector<std::string> generations = FindTornGenerations(run_dir);
  torn.insert(torn.end(), generations.begin(), generations.end());
  if (!generations.empty()) return torn;
  const Metadata record = ReadRecordOf(run_dir);
  AddMissing(run_dir, record.load().stage(), record.load().outputs(), torn);
  AddMissing(run_dir, record.train().stage(), record.train().model_artifacts(), torn);
  AddMissing(run_dir, record.evaluate().stage(), record.evaluate().outputs(), torn);
  return torn;
}

Result StageResult(const std::string& run_dir, absl::string_view stage) {
  Metadata record = ReadRecordOf(run_dir);
  const auto result = [&](auto& section, const std::vector<std::string>& folders) -> Result {
    if (section.stage().status() != StageRun::COMPLETE) return {};
    Result parts;
    section.mutable_stage()->clear_attempts();
    parts["record"] = section.DebugString();
    for (const std::string& folder : folders) parts.merge(FilesBelow(run_dir, folder));
    return parts;
  };
  const auto folder = [&](const auto& section) { return absl::StrCat(stage, "/", section.stage().key()); };
  if (stage == kLoadStage) return result(*record.mutable_load(), {folder(record.load())});
  if (stage == kEvaluateStage) return result(*record.mutable_evaluate(), {folder(record.evaluate())});
  TrainSection& train = *record.mutable_train();
  train.clear_run_id();
  train.clear_examples_per_second();
  return result(train, {train.last_snapshot().path(), train.best_snapshot().path()});
}

std::string NewFolder() {
  for (const std::string& parent : {std::string("/dev/shm"), testing::TempDir()}) {
    std::string folder = JoinPath(parent, "baton-XXXXXX");
    if (mkdtemp(folder.data()) != nullptr) return folder;
  }
  ADD_FAILURE() << "no folder can be made";
  return "";
}

SmallPipeline::SmallPipeline(std::vector<std::string> overrides)
    : folder_(NewFolder()), work_(folder_ + "/work"), overrides_(std::move(overrides)) {
  std::filesystem::create_directories(work_ + "/run");
  WriteText(work_ + "/table.csv", TableText(kRows));
  WriteText(config(), kConfig);
}

SmallPipeline::~SmallPipeline() { std::filesystem::remove_all(folder_); }

StageOptions SmallPipeline::Options(FileSystem& fs) const {
  StageOptions options;
  options.fs = &fs;
  options.run_dir = run_dir();
  options.config_path = config();
  options.working_folder = work_;
  options.overrides = overrides_;
  return options;
}

Subject SmallPipeline::FromHere(absl::string_view stage, std::function<absl::Status(FileSystem&)> work) const {
  const std::string beginning = absl::StrCat(folder_, "/before_", stage);
  if (!std::filesystem::exists(beginning)) {
    std::filesystem::copy(work_, beginning, std::filesystem::copy_options::recursive);
  }
  Subject subject;
  subject.folder = work_;
  subject.prepare = [work = work_, beginning] {
    std::filesystem::remove_all(work);
    std::filesystem::copy(beginning, work, std::filesystem::copy_options::recursive);
  };
  subject.work = std::move(work);
  subject.find_torn = [run_dir = run_dir()] { return FindTorn(run_dir); };
  subject.result = [run_dir = run_dir(), stage = std::string(stage)] { return StageResult(run_dir, stage); };
  return subject;
}

Subject SmallPipeline::Load() const {
  return FromHere(kLoadStage, [this](FileSystem& fs) { return RunLoad(Options(fs)); });
}

Subject SmallPipeline::Train(const TrainHooks& hooks) const {
  ReferenceOf(Load());
  return FromHere(kTrainStage, [this, hooks](FileSystem& fs) { return RunTrain(Options(fs), hooks); });
}

Subject SmallPipeline::Evaluate() const {
  ReferenceOf(Train());
  return FromHere(kEvaluateStage, [this](FileSystem& fs) { return RunEvaluate(Options(fs)); });
}

}  // namespace baton
