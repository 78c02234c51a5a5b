#include "pipeline/initial_weights.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "metadata/store.h"
#include "state/snapshot_fixture.h"
#include "state/snapshot_store.h"

namespace baton {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;

// A run directory, source_, with snapshots of the steps 8 and 16 under one key; and another run that names it.
class InitialWeightsTest : public SnapshotTest {
 protected:
  void SetUp() override {
    SnapshotTest::SetUp();
    source_ = JoinPath(parent_, "source");
    for (const uint64_t step : {8, 16}) {
      ASSERT_THAT(MakeFolders(fs_, JoinPath(source_, "train/k")), IsOk());
      ASSERT_THAT(SaveSnapshot(fs_, TestState(step), Snapshot(step)), IsOk());
    }
    config_.mutable_initial_weights()->set_snapshot(source_);
  }

  std::string Snapshot(uint64_t step) const {
    return JoinPath(source_, absl::StrCat("train/k/", SnapshotStore::FolderName(step)));
  }
  // Gives the source a record: its training has this status, and step 8 is its best.
  void RecordSource(StageRun::Status status) {
    ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(fs_, source_, "source"));
    ASSERT_THAT(store->Commit(SectionOwner::kTrain,
                              [status](Metadata& record) {
                                TrainSection& train = *record.mutable_train();
                                train.mutable_stage()->set_status(status);
                                train.mutable_best_snapshot()->set_path("train/k/step-000000000008");
                                train.mutable_last_snapshot()->set_path("train/k/step-000000000016");
                                return absl::OkStatus();
                              }),
                IsOk());
  }
  absl::StatusOr<InitialWeightsSource> Find(const TrainSection& recorded = {}) {
    DigestCache digests(fs_, JoinPath(parent_, "cache"));
    return FindInitialWeights(fs_, RunDirectory(JoinPath(parent_, "run")), config_, recorded, digests);
  }
  InitialWeights Found() {
    const absl::StatusOr<InitialWeightsSource> found = Find();
    EXPECT_THAT(found, IsOk());
    return found.ok() ? found->weights : InitialWeights();
  }

  std::string source_;
  TrainConfig config_;
};

TEST_F(InitialWeightsTest, NoneAreConfigured) {
  config_.clear_initial_weights();
  EXPECT_EQ(Found().ByteSizeLong(), 0);
}

TEST_F(InitialWeightsTest, OfASnapshotAreItsAverageOrItsModel) {
  config_.mutable_initial_weights()->set_snapshot(Snapshot(8));
  const InitialWeights average = Found();
  EXPECT_EQ(average.path(), Snapshot(8));
  EXPECT_EQ(average.file(), Snapshot(8) + "/ema.safetensors");
  EXPECT_EQ(average.sha256(), Sha256Hex(*ReadFile(fs_, average.file())));
  EXPECT_EQ(average.step_index(), 8);
  EXPECT_FALSE(average.has_run_id()) << "there is no record";

  config_.mutable_initial_weights()->set_weights(InitialWeightsConfig::AS_TRAINED);
  const InitialWeights model = Found();
  EXPECT_EQ(model.file(), Snapshot(8) + "/model.safetensors");
  EXPECT_EQ(model.sha256(), Sha256Hex(*ReadFile(fs_, model.file())));
  EXPECT_NE(model.sha256(), average.sha256());
}

TEST_F(InitialWeightsTest, OfARunAreThoseOfItsBestSnapshotOnceItIsComplete) {
  EXPECT_EQ(Found().step_index(), 16);
  RecordSource(StageRun::RUNNING);
  EXPECT_EQ(Found().step_index(), 16);
  RecordSource(StageRun::COMPLETE);
  EXPECT_EQ(Found().step_index(), 8);
  EXPECT_EQ(Found().path(), source_);
  EXPECT_EQ(Found().file(), Snapshot(8) + "/ema.safetensors");
}

TEST_F(InitialWeightsTest, NameTheRunInWhoseDirectoryTheyLie) {
  RecordSource(StageRun::COMPLETE);
  const std::string run_id = Found().run_id();
  EXPECT_EQ(run_id.size(), 32);
  config_.mutable_initial_weights()->set_snapshot(Snapshot(16));
  EXPECT_EQ(Found().run_id(), run_id);
  std::filesystem::rename(Snapshot(16), path_);
  config_.mutable_initial_weights()->set_snapshot(path_);
  EXPECT_FALSE(Found().has_run_id());
}

TEST_F(InitialWeightsTest, NeedNotBeThereOnceTrainingHasBegun) {
  TrainSection recorded;
  *recorded.mutable_initial_weights() = Found();
  ASSERT_THAT(RemoveTree(fs_, source_), IsOk());
  ASSERT_OK_AND_ASSIGN(const InitialWeightsSource found, Find(recorded));
  EXPECT_EQ(found.weights.DebugString(), recorded.initial_weights().DebugString());
  EXPECT_THAT(found.note, AllOf(HasSubstr(source_), HasSubstr(found.weights.sha256())));

  EXPECT_THAT(Find(),
              StatusIs(StatusCode::kNotFound, AllOf(HasSubstr("train.initial_weights.snapshot"), HasSubstr(source_))));
  // It may be a slip of the pen.
  config_.mutable_initial_weights()->set_snapshot(source_ + "x");
  EXPECT_THAT(Find(recorded), StatusIs(StatusCode::kNotFound, HasSubstr(source_ + "x")));
}

TEST_F(InitialWeightsTest, AreNotTakenFromADamagedSource) {
  TrainSection recorded;
  *recorded.mutable_initial_weights() = Found();
  Overwrite(Snapshot(16) + "/state.binpb", "damaged");
  EXPECT_THAT(Find(recorded), StatusIs(StatusCode::kDataLoss, HasSubstr("state.binpb")));
}

TEST_F(InitialWeightsTest, OfARunThatIsTheSameAreRefused) {
  config_.mutable_initial_weights()->set_snapshot(JoinPath(parent_, "run"));
  EXPECT_THAT(Find(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("this run directory itself")));
}

}  // namespace
}  // namespace baton
