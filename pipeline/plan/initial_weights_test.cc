#include "pipeline/plan/initial_weights.h"

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
    ASSERT_OK_AND_ASSIGN(const SnapshotIndex best, ReadSnapshotIndex(fs_, Snapshot(8)));
    ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(fs_, source_, "source"));
    ASSERT_THAT(store->Commit(SectionOwner::kTrain,
                              [&](Metadata& record) {
                                TrainSection& train = *record.mutable_train();
                                train.mutable_stage()->set_status(status);
                                train.mutable_best_snapshot()->set_path("train/k/step-000000000008");
                                train.mutable_best_snapshot()->set_sha256(best.sha256());
                                train.mutable_last_snapshot()->set_path("train/k/step-000000000016");
                                return absl::OkStatus();
                              }),
                IsOk());
  }
  absl::StatusOr<InitialWeightsSource> Find(const InitialWeights& begun_with = {}) {
    DigestCache digests(fs_, JoinPath(parent_, "cache"));
    return FindInitialWeights(fs_, RunDirectory(JoinPath(parent_, "run")), config_, begun_with, digests);
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
  EXPECT_EQ(average.file(), Snapshot(8) + "/average.safetensors");
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
  EXPECT_EQ(Found().file(), Snapshot(8) + "/average.safetensors");
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

TEST_F(InitialWeightsTest, OfARunAreThoseThatItsRecordNames) {
  RecordSource(StageRun::COMPLETE);
  ASSERT_THAT(RemoveTree(fs_, Snapshot(8)), IsOk());
  State other = TestState(8);
  other.model().flat().neg_();
  ASSERT_THAT(SaveSnapshot(fs_, other, Snapshot(8)), IsOk());
  EXPECT_THAT(Find(), StatusIs(StatusCode::kDataLoss, AllOf(HasSubstr(Snapshot(8)), HasSubstr("record of"))));
}

// Training that has begun goes by the weights that it began with, whatever is there now.
class BegunTest : public InitialWeightsTest {
 protected:
  void SetUp() override {
    InitialWeightsTest::SetUp();
    begun_with_ = Found();
  }
  // Told to go on with the source as it is now, training does, and says why.
  void ExpectTheSame(const std::string& why) {
    ASSERT_OK_AND_ASSIGN(const InitialWeightsSource found, Find(begun_with_));
    EXPECT_EQ(found.weights.DebugString(), begun_with_.DebugString());
    if (why.empty()) {
      EXPECT_EQ(found.note, "");
    } else {
      EXPECT_THAT(found.note, AllOf(HasSubstr(why), HasSubstr(begun_with_.sha256())));
    }
  }

  InitialWeights begun_with_;
};

TEST_F(BegunTest, NothingIsSaidWhereNothingChanged) { ExpectTheSame(""); }

TEST_F(BegunTest, TheSourceIsGone) {
  ASSERT_THAT(RemoveTree(fs_, source_), IsOk());
  ExpectTheSame(source_ + " is no longer there");
  config_.mutable_initial_weights()->set_snapshot(Snapshot(16));
  ExpectTheSame(Snapshot(16) + " is no longer there");

  EXPECT_THAT(Find(), StatusIs(StatusCode::kNotFound,
                               AllOf(HasSubstr("train.initial_weights.snapshot"), HasSubstr(Snapshot(16)))));
  // It may be a slip of the pen.
  config_.mutable_initial_weights()->set_snapshot(source_ + "x");
  EXPECT_THAT(Find(begun_with_), StatusIs(StatusCode::kNotFound, HasSubstr(source_ + "x")));
}

TEST_F(BegunTest, TheSourceWasTrainedOn) {
  State later = TestState(24);
  later.weights().flat().neg_();
  ASSERT_THAT(SaveSnapshot(fs_, later, Snapshot(24)), IsOk());
  ExpectTheSame("has other weights now, of step 24");
  ASSERT_THAT(RemoveTree(fs_, Snapshot(16)), IsOk());
  ExpectTheSame("has other weights now, of step 24");
  EXPECT_EQ(Found().step_index(), 24);
  config_.mutable_initial_weights()->set_snapshot(Snapshot(24));
  ASSERT_OK_AND_ASSIGN(const InitialWeightsSource named, Find(begun_with_));
  EXPECT_EQ(named.weights.step_index(), 24) << "who names others means others";
}

TEST_F(BegunTest, TheSourceIsDamaged) {
  Overwrite(Snapshot(16) + "/state.binpb", "damaged");
  ExpectTheSame("state.binpb");
  EXPECT_THAT(Find(), StatusIs(StatusCode::kDataLoss, HasSubstr("state.binpb")));
}

TEST_F(InitialWeightsTest, OfARunThatIsTheSameAreRefused) {
  const std::string run = JoinPath(parent_, "run"), link = JoinPath(parent_, "link");
  config_.mutable_initial_weights()->set_snapshot(run);
  EXPECT_THAT(Find(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("this run directory itself")));
  std::filesystem::rename(source_, run);
  std::filesystem::create_symlink(run, link);
  config_.mutable_initial_weights()->set_snapshot(link);
  EXPECT_THAT(Find(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("this run directory itself")));
}

}  // namespace
}  // namespace baton
