#ifndef BATON_TESTS_FLIP_FIXTURE_H_
#define BATON_TESTS_FLIP_FIXTURE_H_

#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/digest_cache.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "data/dataset.h"
#include "google/protobuf/stubs/logging.h"
#include "gtest/gtest.h"
#include "metadata/store.h"
#include "metadata/verify.h"
#include "pipeline/evaluate/evaluate_stage.h"
#include "pipeline/load/load_stage.h"
#include "pipeline/plan/outputs.h"
#include "pipeline/train/train_stage.h"
#include "state/snapshot.h"
#include "tests/fuzz/memory_file_system.h"
#include "tests/pipeline_harness.h"

namespace baton {

// For tests: a small run, made by the stages themselves, whose files are damaged one bit or one cut at a time in
// memory, while what uses them is watched.

inline constexpr char kFlipConfig[] = R"(
name: "small"
load { raw_filepath: "table.csv" table { target_column: "kind" task: CLASSIFICATION } }
train {
  model { mlp { hidden_sizes: [2] dropout: 0.2 } }
  criterion { cross_entropy {} }
  optimizer { learning_rate: 0.05 adamw {} }
  ema { decay: 0.9 }
  batch_size: 8 micro_batches: 2 workers: 1 max_epochs: 2 device: "cpu"
}
)";
// Larger files (the report is one) are damaged at this many places.
inline constexpr size_t kMostPlaces = 4096;

// Uses what is in the files, and returns all that it came to.
using Use = std::function<absl::StatusOr<std::string>(FileSystem&)>;
// Called after a file was damaged, with its bytes.
using Afterwards = std::function<void(const std::string& damaged)>;

struct Tally {
  int tried = 0;
  int detected = 0;  // an error, or reported as damaged
  int harmless = 0;  // the same result
  int silent = 0;    // another result without a word
};

class FlipTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    // protobuf would say thousands of times what the errors say.
    google::protobuf::SetLogHandler(nullptr);
    folder_ = JoinPath(testing::TempDir(), "flip");
    WriteRun();
    fs_ = new MemoryFileSystem;
    for (const auto& [name, file] : StateOf(folder_)) {
      if (!file.is_folder) fs_->Add(JoinPath(folder_, name), file.contents);
    }
    const auto store = MetadataStore::Open(*fs_, RunDir(), "");
    ASSERT_THAT(store.status(), IsOk());
    record_ = new Metadata((*store)->Read().value());
    ASSERT_EQ(record_->evaluate().stage().status(), StageRun::COMPLETE);
  }

  static std::string RunDir() { return folder_ + "/run"; }
  static std::string InRun(absl::string_view path) { return JoinPath(RunDir(), path); }

  static StageOptions Options(FileSystem& fs) {
    StageOptions options;
    options.fs = &fs;
    options.run_dir = RunDir();
    options.config_path = folder_ + "/config.textproto";
    options.working_folder = folder_;
    return options;
  }
  static absl::Status RunStages() {
    FileSystem& fs = Unsynced::Get();
    RETURN_IF_ERROR(RunLoad(Options(fs)));
    RETURN_IF_ERROR(RunTrain(Options(fs)));
    return RunEvaluate(Options(fs));
  }
  static void WriteRun() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(RunDir());
    WriteText(folder_ + "/table.csv", TableText(40));
    WriteText(folder_ + "/config.textproto", kFlipConfig);
    ASSERT_THAT(RunStages(), IsOk());
  }

  // Damages `path` in every way and counts what `use` makes of it.
  Tally Damage(const std::string& path, const Use& use, const Afterwards& afterwards = nullptr) {
    const std::string contents = ReadFile(*fs_, path).value();
    const absl::StatusOr<std::string> reference = use(*fs_);
    EXPECT_THAT(reference.status(), IsOk());
    Tally tally;
    const auto attempt = [&](const std::string& damaged, const std::string& how) {
      fs_->Add(path, damaged);
      if (afterwards != nullptr) afterwards(damaged);
      const absl::StatusOr<std::string> result = use(*fs_);
      ++tally.tried;
      ++(!result.ok() ? tally.detected : *result == *reference ? tally.harmless : tally.silent);
      if (result.ok() && *result != *reference && afterwards == nullptr) ADD_FAILURE() << path << ": " << how;
    };
    const size_t stride = contents.size() / kMostPlaces + 1;
    for (size_t i = 0; i < contents.size(); i += stride) {
      std::string damaged = contents;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << i % 8));
      attempt(damaged, absl::StrCat("bit ", i % 8, " of byte ", i));
      attempt(contents.substr(0, i), absl::StrCat("cut to ", i, " bytes"));
    }
    fs_->Add(path, contents);
    total_.tried += tally.tried;
    total_.detected += tally.detected;
    total_.harmless += tally.harmless;
    total_.silent += tally.silent;
    return tally;
  }

  void TearDown() override {
    std::printf("%s: %d tried, %d detected, %d harmless, %d silent\n",
                testing::UnitTest::GetInstance()->current_test_info()->name(), total_.tried, total_.detected,
                total_.harmless, total_.silent);
    RecordProperty("tried", total_.tried);
    RecordProperty("detected", total_.detected);
    RecordProperty("harmless", total_.harmless);
    RecordProperty("silent", total_.silent);
  }

  static std::string Snapshot() { return InRun(record_->train().last_snapshot().path()); }
  static std::string DatasetFolder() { return InRun(absl::StrCat("load/", record_->load().stage().key())); }
  static std::vector<std::string> FilesIn(const std::string& folder) {
    std::vector<std::string> paths;
    const std::vector<std::string> names = ListFolder(*fs_, folder).value();
    for (const std::string& name : names) paths.push_back(JoinPath(folder, name));
    return paths;
  }

  static absl::StatusOr<std::string> UseSnapshot(FileSystem& fs) {
    static const State* const reference = new State(LoadSnapshot(fs, Snapshot(), at::kCPU).value());
    ASSIGN_OR_RETURN(const State state, LoadSnapshot(fs, Snapshot(), at::kCPU));
    return absl::StrCat(absl::StrJoin(Differences(state, *reference), "\n"), state.environment.DebugString());
  }

  static absl::StatusOr<std::string> UseDataset(FileSystem& fs) {
    ASSIGN_OR_RETURN(const Dataset index, ReadDatasetIndex(fs, DatasetFolder()));
    std::string result = index.DebugString();
    for (const Split& split : index.splits()) {
      ASSIGN_OR_RETURN(const std::vector<HostTensor> tensors, ReadSplit(fs, DatasetFolder(), index, split.name()));
      for (const HostTensor& tensor : tensors) absl::StrAppend(&result, tensor.name, tensor.bytes);
    }
    for (const NamedFile& file : index.files()) {
      ASSIGN_OR_RETURN(const std::string contents, ReadNamedFile(fs, DatasetFolder(), index, file.path()));
      absl::StrAppend(&result, contents);
    }
    return result;
  }

  // As `inspect verify` and the next stage see it.
  static absl::StatusOr<std::string> UseRecord(FileSystem& fs) {
    ASSIGN_OR_RETURN(const RecordReport report, VerifyRecord(fs, RunDir()));
    if (!report.ok()) return absl::DataLossError(report.findings.front().message);
    return report.head;
  }

  // As a stage sees its outputs before it is skipped.
  static Use UseOutputs(const google::protobuf::RepeatedPtrField<Artifact>& outputs) {
    return [&outputs](FileSystem& fs) -> absl::StatusOr<std::string> {
      DigestCache digests(fs, "/no cache");
      RETURN_IF_ERROR(VerifyOutputs(RunDirectory(RunDir()), outputs, digests));
      return "as recorded";
    };
  }

  inline static std::string folder_;
  inline static MemoryFileSystem* fs_ = nullptr;
  inline static Metadata* record_ = nullptr;
  Tally total_;
};

}  // namespace baton

#endif  // BATON_TESTS_FLIP_FIXTURE_H_
