#include "metadata/derive.h"

#include "gtest/gtest.h"

namespace baton {
namespace {

// An attempt from second `start` to second `end`; no end if it is 0.
Attempt& AddAttempt(StageRun& stage, int start, int end, double wall, uint64_t memory) {
  Attempt& attempt = *stage.add_attempts();
  attempt.mutable_start_time()->set_seconds(start);
  if (end != 0) attempt.mutable_end_time()->set_seconds(end);
  attempt.set_wall_seconds(wall);
  attempt.set_peak_memory_bytes(memory);
  return attempt;
}

TEST(DeriveRun, IsAbsentWithoutAttempts) {
  Metadata record;
  record.mutable_run()->set_name("iris");
  record.mutable_run()->set_time_taken(3);
  record.mutable_run()->set_gpu_usage(3);
  DeriveRun(record);
  EXPECT_EQ(record.run().ShortDebugString(), "name: \"iris\"");
}

TEST(DeriveRun, CoversAllAttemptsOfAllStages) {
  Metadata record;
  StageRun& load = *record.mutable_load()->mutable_stage();
  load.set_status(StageRun::COMPLETE);
  AddAttempt(load, 100, 110, 10.5, 7000);
  StageRun& train = *record.mutable_train()->mutable_stage();
  train.set_status(StageRun::COMPLETE);
  AddAttempt(train, 90, 120, 30, 9000);
  AddAttempt(train, 130, 150, 20, 8000).set_peak_gpu_memory_bytes(500);
  StageRun& evaluate = *record.mutable_evaluate()->mutable_stage();
  evaluate.set_status(StageRun::FAILED);
  AddAttempt(evaluate, 140, 145, 5, 1000).set_peak_gpu_memory_bytes(400);
  DeriveRun(record);
  EXPECT_EQ(record.run().start_time().seconds(), 90);
  EXPECT_EQ(record.run().end_time().seconds(), 150);
  EXPECT_EQ(record.run().time_taken(), 65.5);
  EXPECT_EQ(record.run().memory_usage(), 9000);
  EXPECT_EQ(record.run().gpu_usage(), 500);
}

TEST(DeriveRun, ComparesTimesToTheNanosecond) {
  Metadata record;
  StageRun& load = *record.mutable_load()->mutable_stage();
  AddAttempt(load, 100, 110, 1, 1).mutable_start_time()->set_nanos(2);
  AddAttempt(load, 100, 110, 1, 1).mutable_start_time()->set_nanos(1);
  DeriveRun(record);
  EXPECT_EQ(record.run().start_time().nanos(), 1);
}

TEST(DeriveRun, HasNoEndWhileAnAttemptIsRunning) {
  Metadata record;
  StageRun& load = *record.mutable_load()->mutable_stage();
  load.set_status(StageRun::COMPLETE);
  AddAttempt(load, 100, 110, 10, 1);
  StageRun& train = *record.mutable_train()->mutable_stage();
  train.set_status(StageRun::RUNNING);
  AddAttempt(train, 120, 0, 3, 1);
  DeriveRun(record);
  EXPECT_FALSE(record.run().has_end_time());
  EXPECT_EQ(record.run().time_taken(), 13);
}

TEST(DeriveRun, AKilledAttemptIsNotRunningOnceALaterOneBegan) {
  Metadata record;
  StageRun& train = *record.mutable_train()->mutable_stage();
  train.set_status(StageRun::COMPLETE);
  AddAttempt(train, 120, 0, 3, 1);
  AddAttempt(train, 130, 140, 10, 1);
  DeriveRun(record);
  EXPECT_EQ(record.run().end_time().seconds(), 140);
  EXPECT_EQ(record.run().time_taken(), 13);
}

}  // namespace
}  // namespace baton
