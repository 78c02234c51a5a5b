#include "metadata/staleness.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

void AddInput(StageRun& stage, const std::string& name, const std::string& value) {
  KeyInput& input = *stage.add_key_inputs();
  input.set_name(name);
  input.set_value(value);
}

// A chain in which everything was made from what is there: dataset d1, best model m1, last model m2.
Metadata Example() {
  Metadata record;
  record.mutable_load()->mutable_stage()->set_key("k");
  record.mutable_load()->set_dataset_version("sha256:d1");
  AddInput(*record.mutable_train()->mutable_stage(), "load.dataset", "d1");
  record.mutable_train()->mutable_best_snapshot()->set_model_sha256("m1");
  record.mutable_train()->mutable_last_snapshot()->set_model_sha256("m2");
  AddInput(*record.mutable_evaluate()->mutable_stage(), "train.model", "m1");
  return record;
}

TEST(Staleness, NothingIsStaleInAWholeChain) {
  EXPECT_THAT(TrainStaleness(Example()), IsEmpty());
  EXPECT_THAT(EvaluateStaleness(Example()), IsEmpty());
}

TEST(Staleness, NothingIsStaleInAnEmptyRecord) {
  EXPECT_THAT(TrainStaleness(Metadata()), IsEmpty());
  EXPECT_THAT(EvaluateStaleness(Metadata()), IsEmpty());
}

TEST(Staleness, AnotherDatasetMakesBothStale) {
  Metadata record = Example();
  record.mutable_load()->set_dataset_version("sha256:d2");
  EXPECT_EQ(TrainStaleness(record), "made from dataset d1, load's is now d2");
  EXPECT_THAT(EvaluateStaleness(record), HasSubstr("train section that is stale"));
}

TEST(Staleness, AnUnfinishedLoadUnderAnotherKeyMakesTrainStale) {
  Metadata record = Example();
  record.mutable_load()->clear_dataset_version();
  EXPECT_EQ(TrainStaleness(record), "made from dataset d1; load has begun another one");
  record.clear_load();
  EXPECT_THAT(TrainStaleness(record), IsEmpty());
}

TEST(Staleness, AnotherModelMakesEvaluateStale) {
  Metadata record = Example();
  record.mutable_train()->mutable_best_snapshot()->set_model_sha256("m3");
  EXPECT_EQ(EvaluateStaleness(record), "made from model m1, train's is now m3");
  record.mutable_train()->clear_best_snapshot();
  EXPECT_EQ(EvaluateStaleness(record), "made from model m1, train's is now m2");
  record.mutable_train()->clear_last_snapshot();
  EXPECT_EQ(EvaluateStaleness(record), "made from model m1; train has begun another one");
}

TEST(Staleness, OtherBuffersMakeEvaluateStale) {
  Metadata record = Example();
  record.mutable_train()->mutable_best_snapshot()->set_buffers_sha256("b2");
  record.mutable_train()->mutable_last_snapshot()->set_buffers_sha256("b2");
  EXPECT_EQ(EvaluateStaleness(record), "made from model m1 with other buffers than train's are now");
  AddInput(*record.mutable_evaluate()->mutable_stage(), "train.buffers", "b2");
  EXPECT_EQ(EvaluateStaleness(record), "");
}

TEST(Staleness, ALongerTrainingWithTheSameModelMakesEvaluateStale) {
  Metadata record = Example();
  record.mutable_train()->mutable_stage()->set_key("t1");
  record.mutable_train()->set_steps_done(40);
  AddInput(*record.mutable_evaluate()->mutable_stage(), "train.key", "t1");
  AddInput(*record.mutable_evaluate()->mutable_stage(), "train.steps", "40");
  EXPECT_EQ(EvaluateStaleness(record), "");
  record.mutable_train()->set_steps_done(50);
  EXPECT_EQ(EvaluateStaleness(record), "made when training had done 40 steps, it has now done 50");
  record.mutable_train()->mutable_stage()->set_key("t2");
  EXPECT_EQ(EvaluateStaleness(record), "made of training t1, train's is now t2");
}

TEST(Staleness, TheLastSnapshotCountsWhereItWasAskedFor) {
  Metadata record = Example();
  AddInput(*record.mutable_evaluate()->mutable_stage(), "evaluate.snapshot", "LAST");
  EXPECT_EQ(EvaluateStaleness(record), "made from model m1, train's is now m2");
  record.mutable_train()->mutable_last_snapshot()->set_model_sha256("m1");
  EXPECT_THAT(EvaluateStaleness(record), IsEmpty());
}

TEST(Staleness, WithoutABestSnapshotTheLastIsFresh) {
  Metadata record = Example();
  record.mutable_train()->clear_best_snapshot();
  record.mutable_train()->mutable_last_snapshot()->set_model_sha256("m1");
  EXPECT_THAT(EvaluateStaleness(record), IsEmpty());
}

}  // namespace
}  // namespace baton
