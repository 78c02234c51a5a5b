#include "state/snapshot_store.h"

#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "base/testing/temporary_folder.h"
#include "state/test_state.h"

namespace baton {
namespace {

using absl::StatusCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// As TestState(step), with the best epoch, the only one, at the step `best`.
State StateAt(uint64_t step, uint64_t best) {
  State state = TestState(step);
  EditMeasurement(state, 0, [best](Measurement& measurement) { measurement.set_step_index(best); });
  state.progress.mutable_best()->set_step_index(best);
  return state;
}

class SnapshotStoreTest : public testing::Test {
 protected:
  SnapshotStore Store() { return SnapshotStore(fs_, folder_); }
  void Save(const State& state) { ASSERT_THAT(Store().Save(state), IsOk()); }
  std::vector<uint64_t> Steps() { return Store().Steps().value(); }
  std::vector<std::string> Names() { return ListFolder(fs_, folder_).value(); }
  // The step of the latest State, whose content is checked. An error is a failure.
  std::optional<uint64_t> LatestStep() {
    const auto latest = Store().LoadLatest(at::kCPU);
    EXPECT_THAT(latest, IsOk());
    if (!latest.ok() || !latest->has_value()) return std::nullopt;
    const uint64_t step = (*latest)->progress.step_index();
    EXPECT_TRUE(Identical(**latest, StateAt(step, (*latest)->progress.best().step_index())));
    return step;
  }
  void Damage(uint64_t step, absl::string_view file = "model.safetensors") {
    const std::string path = JoinPath(Store().PathOf(step), file);
    std::fstream stream(path, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekg(-1, std::ios::end);
    const char last = static_cast<char>(stream.get());
    stream.seekp(-1, std::ios::end);
    stream.put(static_cast<char>(last ^ 1));
    ASSERT_TRUE(stream.good());
  }

  static absl::Status RemoveOld(SnapshotStore store, const State& state, const RetentionPolicy& policy) {
    return store.RemoveOld(state.history, state.progress, policy);
  }

  FileSystem& fs_ = Unsynced::Get();
  const TemporaryFolder temporary_folder_;
  const std::string folder_ = temporary_folder_.path();
};

TEST_F(SnapshotStoreTest, LatestIsTheHighestStep) {
  EXPECT_EQ(LatestStep(), std::nullopt);
  for (const uint64_t step : {8, 1200, 90}) Save(StateAt(step, step));
  EXPECT_THAT(Names(), ElementsAre("step-000000000008", "step-000000000090", "step-000000001200"));
  EXPECT_THAT(Steps(), ElementsAre(8, 90, 1200));
  EXPECT_EQ(LatestStep(), 1200);
  EXPECT_EQ(SnapshotStore(fs_, JoinPath(folder_, "none")).LoadLatest(at::kCPU)->has_value(), false);
}

TEST_F(SnapshotStoreTest, DamagedOneIsSetAsideForTheOneBeforeIt) {
  for (const uint64_t step : {8, 16, 24}) Save(StateAt(step, step));
  Damage(24);
  EXPECT_EQ(LatestStep(), 16);
  EXPECT_THAT(Names(), ElementsAre("step-000000000008", "step-000000000016", "step-000000000024.damaged"));
  // One that lacks its index, or a file, is damaged too.
  std::filesystem::remove(JoinPath(Store().PathOf(16), "state.binpb"));
  EXPECT_EQ(LatestStep(), 8);
  EXPECT_THAT(Names(), ElementsAre("step-000000000008", "step-000000000016.damaged", "step-000000000024.damaged"));
}

// As when a copy was put back under another name.
TEST_F(SnapshotStoreTest, OneUnderAnotherStepsNameIsSetAside) {
  for (const uint64_t step : {8, 16, 24}) Save(StateAt(step, 16));
  std::filesystem::rename(Store().PathOf(24), Store().PathOf(32));
  EXPECT_EQ(LatestStep(), 16);
  EXPECT_THAT(Names(), ElementsAre("step-000000000008", "step-000000000016", "step-000000000032.damaged"));
  // Nor is it the best one.
  Save(StateAt(24, 16));
  ASSERT_THAT(RemoveTree(fs_, Store().PathOf(16)), IsOk());
  std::filesystem::rename(Store().PathOf(8), Store().PathOf(16));
  EXPECT_THAT(Store().LoadLatest(at::kCPU), StatusIs(StatusCode::kDataLoss, HasSubstr("of step 16")));
  EXPECT_THAT(Names(), ElementsAre("step-000000000016.damaged", "step-000000000024", "step-000000000032.damaged"));
}

TEST_F(SnapshotStoreTest, SaveReplacesOneThatIsOfAnotherStep) {
  Save(StateAt(8, 8));
  std::filesystem::rename(Store().PathOf(8), Store().PathOf(16));
  Save(StateAt(16, 8));
  EXPECT_THAT(Names(), ElementsAre("step-000000000016", "step-000000000016.damaged"));
}

TEST_F(SnapshotStoreTest, NoneLeftIsAnErrorAlsoTheSecondTime) {
  Save(StateAt(8, 8));
  Save(StateAt(16, 16));
  Damage(8, "optimizer.safetensors");
  Damage(16, "state.binpb");
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(Store().LoadLatest(at::kCPU),
                StatusIs(StatusCode::kDataLoss, AllOf(HasSubstr(folder_), HasSubstr("--start_over"))));
    EXPECT_THAT(Names(), ElementsAre("step-000000000008.damaged", "step-000000000016.damaged"));
  }
}

TEST_F(SnapshotStoreTest, WithoutItsBestOneAnOlderStateIsTaken) {
  Save(StateAt(8, 8));
  Save(StateAt(16, 16));
  Save(StateAt(24, 16));
  EXPECT_EQ(LatestStep(), 24);
  Damage(16);
  EXPECT_EQ(LatestStep(), 8) << "from there the best one is made again";
  EXPECT_THAT(Names(), ElementsAre("step-000000000008", "step-000000000016.damaged", "step-000000000024"));
}

TEST_F(SnapshotStoreTest, MissingBestOneAndNoOlderState) {
  Save(StateAt(16, 16));
  Save(StateAt(24, 16));
  ASSERT_THAT(RemoveTree(fs_, Store().PathOf(16)), IsOk());
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(Store().LoadLatest(at::kCPU), StatusIs(StatusCode::kDataLoss, HasSubstr("no usable snapshot")));
  }
  EXPECT_THAT(Names(), ElementsAre("step-000000000024")) << "it is intact";
}

TEST_F(SnapshotStoreTest, ErrorOfTheMachineSetsNothingAside) {
  Save(StateAt(8, 8));
  Save(StateAt(16, 8));
  const int faults = ForEachFault(
      {.operations = {FileOperation::kReadAt, FileOperation::kOpen}, .error = EIO}, [] {},
      [&](FileSystem& fs) { return SnapshotStore(fs, folder_).LoadLatest(at::kCPU).status(); },
      [&](FaultyFileSystem& fs, const absl::Status& status) {
        EXPECT_EQ(status.ok(), fs.faults() == 0) << status;
        EXPECT_THAT(Names(), ElementsAre("step-000000000008", "step-000000000016"));
      });
  EXPECT_GE(faults, 28);  // seven files, opened and read, of two snapshots
}

TEST_F(SnapshotStoreTest, SaveKeepsAnIdenticalOne) {
  ASSERT_OK_AND_ASSIGN(const SnapshotIndex first, Store().Save(StateAt(8, 8)));
  State again = StateAt(8, 8);
  again.environment.set_cpu_model("another CPU");
  ASSERT_OK_AND_ASSIGN(const SnapshotIndex second, Store().Save(again));
  EXPECT_EQ(second.sha256(), first.sha256());
  EXPECT_EQ(second.environment().cpu_model(), "a CPU");
  EXPECT_THAT(Names(), ElementsAre("step-000000000008"));
}

TEST_F(SnapshotStoreTest, SaveOfOtherBitsUnderTheSameStepIsAnError) {
  Save(StateAt(8, 8));
  State other = StateAt(8, 8);
  Group(other, "optimizer/exp_avg").views()[1][0].add_(1);
  EXPECT_THAT(Store().Save(other),
              StatusIs(StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("step 8"), HasSubstr("optimizer/exp_avg layers.0.bias has other values"),
                             HasSubstr("--start_over"))));
  EXPECT_EQ(LatestStep(), 8);
  EXPECT_THAT(Names(), ElementsAre("step-000000000008"));
}

TEST_F(SnapshotStoreTest, SaveReplacesADamagedOne) {
  Save(StateAt(8, 8));
  Damage(8);
  Save(StateAt(8, 8));
  EXPECT_EQ(LatestStep(), 8);
  EXPECT_THAT(Names(), ElementsAre("step-000000000008", "step-000000000008.damaged"));
}

TEST_F(SnapshotStoreTest, RemoveOldKeepsTheNewestAndTheBest) {
  for (const uint64_t step : {8, 16, 24, 32, 40}) Save(StateAt(step, 16));
  ASSERT_THAT(RemoveOld(Store(), StateAt(40, 16), {.keep_last = 2}), IsOk());
  EXPECT_THAT(Steps(), ElementsAre(16, 32, 40));
  EXPECT_THAT(Names(), testing::SizeIs(3)) << "nothing is left of those removed";
  ASSERT_THAT(RemoveOld(Store(), StateAt(40, 40), {.keep_last = 1}), IsOk());
  EXPECT_THAT(Steps(), ElementsAre(40));
}

// If the newest is lost, training goes on from the one before it, which must still have its best one.
TEST_F(SnapshotStoreTest, RemoveOldKeepsTheBestOfEachThatItKeeps) {
  for (const uint64_t step : {8, 16, 24, 32}) Save(StateAt(step, step < 32 ? 8 : 32));
  ASSERT_THAT(RemoveOld(Store(), StateAt(32, 32), {.keep_last = 2}), IsOk());
  EXPECT_THAT(Steps(), ElementsAre(8, 24, 32));
  Damage(32);
  EXPECT_EQ(LatestStep(), 24);
}

TEST_F(SnapshotStoreTest, RemoveOldKeepsWhatIsKeptForGood) {
  for (const uint64_t step : {8, 16, 24, 32}) Save(StateAt(step, 32));
  ASSERT_THAT(RemoveOld(Store(), StateAt(32, 32), {.keep_last = 1, .kept_for_good = {8, 12}}), IsOk());
  EXPECT_THAT(Steps(), ElementsAre(8, 32));
}

TEST_F(SnapshotStoreTest, SupersedeMovesAllOutOfTheWay) {
  const std::string folder = JoinPath(folder_, "key");
  SnapshotStore store(fs_, folder);
  for (const uint64_t step : {8, 16}) {
    EXPECT_THAT(store.Supersede(), IsOk());
    ASSERT_THAT(store.Save(StateAt(step, step)), IsOk());
  }
  EXPECT_THAT(store.Steps().value(), ElementsAre(16));
  EXPECT_THAT(SnapshotStore(fs_, folder + ".superseded-1").Steps().value(), ElementsAre(8));
}

TEST_F(SnapshotStoreTest, RemoveOldLeavesStepsAheadAlone) {
  for (const uint64_t step : {8, 16, 24, 32}) Save(StateAt(step, step));
  ASSERT_THAT(RemoveOld(Store(), StateAt(16, 16), {.keep_last = 1}), IsOk());
  EXPECT_THAT(Steps(), ElementsAre(16, 24, 32));
}

TEST_F(SnapshotStoreTest, RemoveOldLeavesNoHalfSnapshotWhateverFails) {
  const int faults = ForEachFault(
      {.operations = {FileOperation::kRename, FileOperation::kUnlink, FileOperation::kRemoveDirectory}, .error = EIO},
      [&] {
        ASSERT_THAT(RemoveTree(fs_, folder_), IsOk());
        for (const uint64_t step : {8, 16, 24}) Save(StateAt(step, 24));
      },
      [&](FileSystem& fs) { return RemoveOld(SnapshotStore(fs, folder_), StateAt(24, 24), {.keep_last = 1}); },
      [&](FaultyFileSystem& fs, const absl::Status& status) {
        EXPECT_EQ(status.ok(), fs.faults() == 0) << status;
        for (const uint64_t step : Steps()) EXPECT_THAT(LoadSnapshot(fs_, Store().PathOf(step), at::kCPU), IsOk());
        EXPECT_EQ(LatestStep(), 24);
      });
  EXPECT_GE(faults, 18);  // a rename, seven files and a folder, of two snapshots
}

class SharedHistoryTest : public SnapshotStoreTest {
 protected:
  static constexpr char kFirst[] = "history-000000000000.binpb";
  static constexpr char kSecond[] = "history-000000000256.binpb";

  // At the end of `epochs` epochs of one step, each with a measurement.
  static State AfterEpochs(uint64_t epochs) {
    State state = TestState(epochs);
    state.history = History();
    for (uint64_t i = 1; i <= epochs; ++i) {
      Measurement measurement;
      measurement.set_step_index(i);
      measurement.set_train_loss(1.0 / static_cast<double>(i));
      (*measurement.mutable_validation_metrics())["accuracy"] = 0.5;
      state.history.Add(measurement);
    }
    return state;
  }
  std::string File(uint64_t step, absl::string_view name) { return JoinPath(Store().PathOf(step), name); }
  bool Shared(uint64_t a, uint64_t b, absl::string_view name) {
    return std::filesystem::equivalent(File(a, name), File(b, name));
  }
  void ExpectIntact(uint64_t step) {
    const absl::StatusOr<State> loaded = LoadSnapshot(fs_, Store().PathOf(step), at::kCPU);
    ASSERT_THAT(loaded, IsOk());
    EXPECT_THAT(Differences(*loaded, AfterEpochs(step)), IsEmpty());
  }
};

TEST_F(SharedHistoryTest, FullSegmentsAreOneFileInAllSnapshots) {
  for (const uint64_t step : {256, 257, 513, 514}) Save(AfterEpochs(step));
  for (const uint64_t step : {256, 257, 513, 514}) ExpectIntact(step);
  EXPECT_FALSE(Exists(fs_, File(256, kFirst)).value()) << "all of it is in the index";
  EXPECT_FALSE(Exists(fs_, File(257, kSecond)).value());
  EXPECT_TRUE(Shared(257, 514, kFirst));
  EXPECT_TRUE(Shared(513, 514, kSecond));
  // Each is whole by itself.
  for (const uint64_t step : {257, 513}) ASSERT_THAT(RemoveTree(fs_, Store().PathOf(step)), IsOk());
  ExpectIntact(514);
  // The index does not grow with the history.
  EXPECT_LT(FileSize(fs_, File(514, "state.binpb")).value(), FileSize(fs_, File(256, "state.binpb")).value());
}

TEST_F(SharedHistoryTest, WithoutLinksItIsWrittenAgain) {
  Save(AfterEpochs(300));
  for (const int error : {EPERM, EMLINK, EXDEV, EIO}) {
    FaultyFileSystem fs;
    fs.Inject({.operations = {FileOperation::kLink}, .sticky = true, .error = error});
    const uint64_t step = 300 + error;
    ASSERT_THAT(SnapshotStore(fs, folder_).Save(AfterEpochs(step)), IsOk());
    EXPECT_EQ(fs.faults(), 1);
    EXPECT_FALSE(Shared(300, step, kFirst));
    ExpectIntact(step);
  }
}

TEST_F(SharedHistoryTest, WhatIsNotTheRightSegmentIsNotShared) {
  Save(AfterEpochs(300));
  Damage(300, kFirst);
  Save(AfterEpochs(301));
  EXPECT_FALSE(Shared(300, 301, kFirst));
  ExpectIntact(301);
  std::ofstream(File(301, kFirst), std::ios::app) << ' ';
  Save(AfterEpochs(302));
  EXPECT_FALSE(Shared(301, 302, kFirst));
  std::filesystem::remove(File(302, kFirst));
  Save(AfterEpochs(303));
  ExpectIntact(303);
  // A folder of another training, whose measurements are others.
  State other = AfterEpochs(304);
  EditMeasurement(other, 7, [](Measurement& measurement) { measurement.set_train_loss(-1); });
  Save(other);
  EXPECT_FALSE(Shared(303, 304, kFirst));
}

TEST_F(SharedHistoryTest, ADamagedSegmentIsDamageOfAllThatShareIt) {
  const auto save = [&](uint64_t step) {
    State state = AfterEpochs(step);
    state.progress.clear_best();
    Save(state);
  };
  for (const uint64_t step : {200, 300, 301}) save(step);
  Damage(301, kFirst);
  const auto latest = Store().LoadLatest(at::kCPU);
  ASSERT_THAT(latest, IsOk());
  EXPECT_EQ((*latest)->progress.step_index(), 200);
  EXPECT_THAT(Names(), ElementsAre("step-000000000200", "step-000000000300.damaged", "step-000000000301.damaged"));
}

TEST_F(SharedHistoryTest, NothingThatFailsInASaveHarmsTheSegmentsOfOthers) {
  Save(AfterEpochs(300));
  const int faults = ForEachFault(
      {.error = ENOSPC}, [&] { ASSERT_THAT(RemoveTree(fs_, Store().PathOf(301)), IsOk()); },
      [&](FileSystem& fs) { return SnapshotStore(fs, folder_).Save(AfterEpochs(301)).status(); },
      [&](FaultyFileSystem&, const absl::Status& status) {
        ExpectIntact(300);
        if (status.ok()) ExpectIntact(301);
      });
  EXPECT_GT(faults, 50);
}

TEST_F(SnapshotStoreTest, FindLatestIsLoadLatestWithoutTensors) {
  EXPECT_EQ(Store().FindLatest()->has_value(), false);
  for (const uint64_t step : {8, 16, 24}) Save(StateAt(step, step));
  Damage(24);
  ASSERT_OK_AND_ASSIGN(const std::optional<SnapshotIndex> found, Store().FindLatest());
  EXPECT_EQ(found->progress().step_index(), 16);
  EXPECT_THAT(Names(), ElementsAre("step-000000000008", "step-000000000016", "step-000000000024.damaged"));
  Save(StateAt(32, 16));
  Damage(16);
  EXPECT_EQ(Store().FindLatest().value()->progress().step_index(), 8) << "from there the best one is made again";
}

}  // namespace
}  // namespace baton
