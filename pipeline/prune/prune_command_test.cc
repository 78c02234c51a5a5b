#include "pipeline/prune/prune_command.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "base/testing/temporary_folder.h"
#include "google/protobuf/util/json_util.h"
#include "metadata/store.h"
#include "pipeline/config/run_directory.h"
#include "state/find_snapshot.h"
#include "state/inspect.h"
#include "state/inspect.pb.h"
#include "state/snapshot_store.h"
#include "state/test_state.h"

namespace baton {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kKey[] = "0123456789abcdef";

// A run whose training is at step 60: six epochs of ten steps, with a snapshot of each.
class PruneTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(MakeFolders(fs_, run_.LockFolder()), IsOk());
    std::ofstream(run_.ConfigFile()) << R"(
      name: "iris"
      load { raw_filepath: "/iris.csv" target_column: "y" task: CLASSIFICATION }
      train {
        model { logistic {} }
        criterion { cross_entropy {} }
        optimizer { learning_rate: 0.05 sgd {} }
        max_epochs: 100
        snapshots { keep_last: 2 keep_best: 1 }
      })";
    Record([](TrainSection&) {});
    // The losses of the epochs, of which the third is the best and the second comes next.
    const std::vector<double> losses = {0.5, 0.3, 0.2, 0.4, 0.6, 0.7};
    for (size_t epoch = 0; epoch < losses.size(); ++epoch) {
      State state = TestState(10 * (epoch + 1));
      TrainingProgress& progress = state.progress;
      state.history = History();
      for (size_t i = 0; i <= epoch; ++i) {
        Measurement measurement;
        measurement.set_step_index(10 * (i + 1));
        measurement.set_epoch_index(i + 1);
        measurement.set_validation_loss(losses[i]);
        state.history.Add(measurement);
      }
      progress.mutable_best()->set_step_index(std::min<uint64_t>(30, progress.step_index()));
      ASSERT_THAT(store().Save(state), IsOk());
    }
  }

  SnapshotStore store() { return SnapshotStore(fs_, run_.OutputFolder(kTrainStage, kKey)); }
  std::vector<uint64_t> Steps() { return store().Steps().value(); }

  template <typename Change>
  void Record(const Change& change) {
    ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(fs_, run_.path(), "iris"));
    ASSERT_THAT(store->Commit(SectionOwner::kTrain,
                              [&](Metadata& record) {
                                record.mutable_train()->mutable_stage()->set_key(kKey);
                                change(*record.mutable_train());
                                return absl::OkStatus();
                              }),
                IsOk());
  }

  absl::Status Prune(InspectSnapshotOptions options) {
    options.arguments = {"prune", run_.path()};
    options.working_folder = "/";
    answer_ = {};
    return InspectSnapshots(fs_, {PruneCommand()}, options, answer_);
  }

  FileSystem& fs_ = Unsynced::Get();
  const TemporaryFolder folder_;
  const RunDirectory run_{folder_.path()};
  InspectSnapshotAnswer answer_;
};

TEST_F(PruneTest, WithoutYesItOnlySaysWhatItWouldDo) {
  ASSERT_THAT(Prune({}), IsOk());
  EXPECT_THAT(answer_.text,
              HasSubstr(absl::StrCat("train key ", kKey, ": 3 stay (steps 30, 50, 60), to be removed: 3 ")));
  EXPECT_THAT(answer_.text, HasSubstr(store().PathOf(40)));
  EXPECT_THAT(answer_.text, testing::EndsWith("--yes does it.\n"));
  EXPECT_THAT(Steps(), ElementsAre(10, 20, 30, 40, 50, 60));
}

TEST_F(PruneTest, RemovesWhatTheConfigurationDoesNotKeep) {
  uint64_t size = 0;
  for (const uint64_t step : {10, 20, 40}) size += FolderSize(fs_, store().PathOf(step)).value();
  ASSERT_THAT(Prune({.format = "json", .yes = true}), IsOk());
  EXPECT_THAT(Steps(), ElementsAre(30, 50, 60));
  PruneAnswer answer;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(answer_.text, &answer).ok()) << answer_.text;
  EXPECT_FALSE(answer.dry_run());
  EXPECT_THAT(answer.kept_steps(), ElementsAre(30, 50, 60));
  ASSERT_EQ(answer.removed_size(), 3);
  EXPECT_EQ(answer.removed(2).step_index(), 40);
  EXPECT_EQ(answer.freed_bytes(), size);
  EXPECT_THAT(store().LoadLatest(at::kCPU), IsOk());
  EXPECT_THAT(ListFolder(fs_, run_.OutputFolder(kTrainStage, kKey)).value(), testing::SizeIs(3)) << "nothing half";
  ASSERT_THAT(Prune({.yes = true}), IsOk());
  EXPECT_THAT(answer_.text, HasSubstr("removed: 0 (0 B)\n"));
}

TEST_F(PruneTest, FlagsStandForTheConfiguration) {
  ASSERT_THAT(Prune({.yes = true, .keep_last = 1, .keep_best = 2, .keep_every_steps = 40}), IsOk());
  EXPECT_THAT(Steps(), ElementsAre(20, 30, 40, 60));
  EXPECT_THAT(Prune({.keep_last = 0}), StatusIs(StatusCode::kInvalidArgument, HasSubstr("--keep_last is 0")));
  EXPECT_THAT(Prune({.keep_best = 0}), StatusIs(StatusCode::kInvalidArgument, HasSubstr("--keep_best is 0")));
}

TEST_F(PruneTest, WhatTheRecordSpeaksOfStays) {
  Record([&](TrainSection& train) {
    train.add_finished_steps(10);
    train.mutable_last_snapshot()->set_step_index(40);
    train.mutable_last_snapshot()->set_path(run_.Relative(store().PathOf(40)));
    // Of another key, which is another folder's.
    train.mutable_best_snapshot()->set_step_index(20);
    train.mutable_best_snapshot()->set_path("train/fedcba9876543210/step-000000000020");
  });
  ASSERT_THAT(Prune({.yes = true, .keep_last = 1}), IsOk());
  EXPECT_THAT(Steps(), ElementsAre(10, 30, 40, 60));
}

TEST_F(PruneTest, AnotherKeysAreLeftAlone) {
  SnapshotStore other(fs_, run_.OutputFolder(kTrainStage, "fedcba9876543210"));
  for (const uint64_t step : {1, 2, 3, 4}) ASSERT_THAT(other.Save(TestState(step)), IsOk());
  ASSERT_THAT(Prune({.yes = true, .keep_last = 1}), IsOk());
  EXPECT_THAT(other.Steps().value(), ElementsAre(1, 2, 3, 4));
}

TEST_F(PruneTest, RefusedWhileTrainingRuns) {
  ASSERT_OK_AND_ASSIGN(const auto lock, FileLock::Acquire(run_.LockFile(kTrainStage), FileLock::Mode::kExclusive));
  EXPECT_THAT(Prune({.yes = true}), StatusIs(StatusCode::kUnavailable, testing::_));
  EXPECT_THAT(Steps(), testing::SizeIs(6));
  EXPECT_THAT(Prune({}), IsOk()) << "looking is allowed";
}

TEST_F(PruneTest, NothingGoesWhileWhatIsGoneOnFromIsDamaged) {
  for (const uint64_t step : {60, 30}) {  // the newest, and the best one that it names
    const std::string file = JoinPath(store().PathOf(step), "model.safetensors");
    const std::string bytes = ReadFile(fs_, file).value();
    std::ofstream(file, std::ios::app) << 'x';
    EXPECT_THAT(Prune({.yes = true}), StatusIs(StatusCode::kDataLoss, HasSubstr("model.safetensors")));
    std::ofstream(file, std::ios::trunc) << bytes;
  }
  EXPECT_THAT(Steps(), testing::SizeIs(6));
  EXPECT_THAT(Prune({.yes = true}), IsOk());
}

TEST_F(PruneTest, WithoutARecordNothingIsKnown) {
  ASSERT_THAT(RemoveTree(fs_, JoinPath(run_.path(), "metadata")), IsOk());
  EXPECT_THAT(Prune({.yes = true}), StatusIs(StatusCode::kNotFound, HasSubstr("metadata")));
  EXPECT_THAT(Steps(), testing::SizeIs(6));
}

TEST_F(PruneTest, AFailureAtAnyCallLosesNothingThatIsToStay) {
  for (int call = 1;; ++call) {
    FaultyFileSystem faulty;
    faulty.Inject({.operations = {FileOperation::kRename, FileOperation::kUnlink, FileOperation::kRemoveDirectory,
                                  FileOperation::kSync},
                   .at = call});
    InspectSnapshotOptions options = {.arguments = {"prune", run_.path()}, .working_folder = "/", .yes = true};
    InspectSnapshotAnswer answer;
    const bool ok = InspectSnapshots(faulty, {PruneCommand()}, options, answer).ok();
    EXPECT_THAT(Steps(), testing::IsSupersetOf({30, 50, 60}));
    for (const uint64_t step : Steps()) {
      EXPECT_THAT(LoadSnapshot(fs_, store().PathOf(step), at::kCPU), IsOk()) << "after call " << call;
    }
    if (ok) break;
    ASSERT_LT(call, 1000);
  }
  EXPECT_THAT(Steps(), ElementsAre(30, 50, 60));
}

}  // namespace
}  // namespace baton
