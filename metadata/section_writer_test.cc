#include "metadata/section_writer.h"

#include "absl/time/clock.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata/generation_folder.h"
#include "metadata/generations.h"
#include "metadata/testing.h"
#include "metadata/timestamp.h"

namespace baton {
namespace {

using ::testing::HasSubstr;

KeyInputs Inputs(absl::string_view seed) {
  KeyInputs inputs;
  inputs.Add("raw.sha256", "abc");
  inputs.Add("seed", seed);
  return inputs;
}

class SectionWriterTest : public ::testing::Test {
 protected:
  Metadata Read() {
    const auto record = store_->Read();
    EXPECT_THAT(record, IsOk());
    return *record;
  }

  UnsyncedFileSystem fs_;
  const std::string run_dir_ = NewRunDir();
  std::unique_ptr<MetadataStore> store_ = *MetadataStore::Open(fs_, run_dir_, "iris");
};

TEST_F(SectionWriterTest, EachWritesItsOwnSection) {
  ASSERT_THAT(SectionWriter<LoadSection>(*store_).Update([](LoadSection& load) { load.set_rows(1); }), IsOk());
  EXPECT_EQ(Read().committed_by(), "load");
  ASSERT_THAT(SectionWriter<TrainSection>(*store_).Update([](TrainSection& train) { train.set_parameter_count(2); }),
              IsOk());
  EXPECT_EQ(Read().committed_by(), "train");
  ASSERT_THAT(SectionWriter<EvaluateSection>(*store_).Update([](EvaluateSection& e) { e.set_rows(3); }), IsOk());
  EXPECT_EQ(Read().committed_by(), "evaluate");
  EXPECT_EQ(Read().load().rows(), 1);
  EXPECT_EQ(Read().train().parameter_count(), 2);
  EXPECT_EQ(Read().evaluate().rows(), 3);
}

TEST_F(SectionWriterTest, TheLifeOfAStage) {
  const absl::Time before = absl::Now();
  SectionWriter<LoadSection> writer(*store_);
  ASSERT_THAT(writer.BeginAttempt(Inputs("0"), {.workers = 3}), IsOk());
  Metadata record = Read();
  StageRun stage = record.load().stage();
  // printf 'raw.sha256=abc\nseed=0\n' | sha256sum | cut -c1-16
  EXPECT_EQ(stage.key(), "c1cd299e72dd8135");
  ASSERT_EQ(stage.key_inputs_size(), 2);
  EXPECT_EQ(stage.key_inputs(1).name(), "seed");
  EXPECT_EQ(stage.key_inputs(1).value(), "0");
  EXPECT_EQ(stage.status(), StageRun::RUNNING);
  ASSERT_EQ(stage.attempts_size(), 1);
  EXPECT_EQ(stage.attempts(0).workers(), 3);
  EXPECT_FALSE(stage.attempts(0).has_end_time());
  EXPECT_TRUE(record.run().has_start_time());
  EXPECT_FALSE(record.run().has_end_time());

  ASSERT_THAT(writer.Update([](LoadSection& load) { load.set_rows(150); }), IsOk());
  EXPECT_EQ(Read().load().rows(), 150);

  ASSERT_THAT(writer.FinishAttempt(StageRun::COMPLETE, "", [](LoadSection& load) { load.set_raw_file_size(9); }),
              IsOk());
  record = Read();
  stage = record.load().stage();
  EXPECT_EQ(record.generation(), 3);
  EXPECT_EQ(record.load().raw_file_size(), 9);
  EXPECT_EQ(stage.status(), StageRun::COMPLETE);
  EXPECT_FALSE(stage.has_error());
  ASSERT_TRUE(stage.attempts(0).has_end_time());
  EXPECT_GE(FromTimestamp(stage.attempts(0).start_time()), before);
  EXPECT_GE(FromTimestamp(stage.attempts(0).end_time()), FromTimestamp(stage.attempts(0).start_time()));
  EXPECT_EQ(record.run().end_time().seconds(), stage.attempts(0).end_time().seconds());
  EXPECT_EQ(record.run().time_taken(), stage.attempts(0).wall_seconds());
  EXPECT_EQ(record.run().memory_usage(), stage.attempts(0).peak_memory_bytes());
}

TEST_F(SectionWriterTest, EveryCommitMeasuresAnew) {
  uint64_t gpu_bytes = 100;
  SectionWriter<TrainSection> writer(*store_);
  ASSERT_THAT(writer.BeginAttempt(Inputs("0"), {.peak_gpu_memory_bytes = [&] { return gpu_bytes; }}), IsOk());
  EXPECT_EQ(Read().run().gpu_usage(), 100);
  gpu_bytes = 250;
  ASSERT_THAT(writer.Update([](TrainSection& train) { train.set_parameter_count(1); }), IsOk());
  EXPECT_EQ(Read().run().gpu_usage(), 250);
  // Nothing to say: no generation, although the usage is another.
  gpu_bytes = 300;
  ASSERT_THAT(writer.Update([](TrainSection& train) { train.set_parameter_count(1); }), IsOk());
  EXPECT_EQ(Read().generation(), 2);
  ASSERT_THAT(writer.FinishAttempt(StageRun::INTERRUPTED), IsOk());
  EXPECT_EQ(Read().run().gpu_usage(), 300);
  EXPECT_EQ(Read().train().stage().status(), StageRun::INTERRUPTED);
}

TEST_F(SectionWriterTest, TheSameKeyAddsAnAttemptAndKeepsTheRest) {
  std::string first_id;
  {
    SectionWriter<TrainSection> killed(*store_);
    ASSERT_THAT(killed.BeginAttempt(Inputs("0"), {}), IsOk());
    ASSERT_THAT(killed.Update([](TrainSection& train) { train.set_parameter_count(15); }), IsOk());
    first_id = Read().train().stage().attempts(0).attempt_id();
  }
  SectionWriter<TrainSection> writer(*store_);
  ASSERT_THAT(writer.BeginAttempt(Inputs("0"), {.resumed_from_step = 40}), IsOk());
  const StageRun stage = Read().train().stage();
  ASSERT_EQ(stage.attempts_size(), 2);
  EXPECT_EQ(stage.attempts(0).attempt_id(), first_id);
  EXPECT_FALSE(stage.attempts(0).has_end_time());
  EXPECT_EQ(stage.attempts(1).resumed_from_step(), 40);
  EXPECT_EQ(stage.key_inputs_size(), 2);
  EXPECT_EQ(Read().train().parameter_count(), 15);
  ASSERT_THAT(writer.FinishAttempt(StageRun::COMPLETE), IsOk());
  EXPECT_FALSE(Read().train().stage().attempts(0).has_end_time());
  EXPECT_TRUE(Read().run().has_end_time());
}

TEST_F(SectionWriterTest, AnotherKeyStartsAfreshAndOlderGenerationsKeepTheOld) {
  SectionWriter<LoadSection> writer(*store_);
  ASSERT_THAT(writer.BeginAttempt(Inputs("0"), {}), IsOk());
  ASSERT_THAT(
      writer.FinishAttempt(StageRun::FAILED, "no column \"species\"", [](LoadSection& load) { load.set_rows(150); }),
      IsOk());
  EXPECT_EQ(Read().load().stage().error(), "no column \"species\"");
  SectionWriter<LoadSection> next(*store_);
  ASSERT_THAT(next.BeginAttempt(Inputs("1"), {}), IsOk());
  const LoadSection load = Read().load();
  // printf 'raw.sha256=abc\nseed=1\n' | sha256sum | cut -c1-16
  EXPECT_EQ(load.stage().key(), "9555d54e4df71ade");
  EXPECT_EQ(load.stage().key_inputs(1).value(), "1");
  EXPECT_EQ(load.stage().attempts_size(), 1);
  EXPECT_FALSE(load.stage().has_error());
  EXPECT_FALSE(load.has_rows());
  ASSERT_OK_AND_ASSIGN(const Metadata older, ReadGeneration(fs_, MetadataFolder(run_dir_), 2));
  EXPECT_EQ(older.load().rows(), 150);
  EXPECT_EQ(older.load().stage().key(), "c1cd299e72dd8135");
}

TEST_F(SectionWriterTest, ANewAttemptAfterAFailureHasNoError) {
  SectionWriter<LoadSection> writer(*store_);
  ASSERT_THAT(writer.BeginAttempt(Inputs("0"), {}), IsOk());
  ASSERT_THAT(writer.FinishAttempt(StageRun::FAILED, "caf\xe9: disk full"), IsOk());
  EXPECT_EQ(Read().load().stage().error(), "caf\\xe9: disk full");
  ASSERT_THAT(writer.BeginAttempt(Inputs("0"), {}), IsOk());
  EXPECT_FALSE(Read().load().stage().has_error());
  EXPECT_EQ(Read().load().stage().status(), StageRun::RUNNING);
}

TEST_F(SectionWriterTest, ATakenOverStageIsLeftAlone) {
  SectionWriter<TrainSection> old_writer(*store_);
  ASSERT_THAT(old_writer.CheckAttempt(), IsOk());
  ASSERT_THAT(old_writer.BeginAttempt(Inputs("0"), {}), IsOk());
  ASSERT_THAT(old_writer.CheckAttempt(), IsOk());
  SectionWriter<TrainSection> new_writer(*store_);
  ASSERT_THAT(new_writer.BeginAttempt(Inputs("0"), {}), IsOk());
  const uint64_t generation = Read().generation();
  const auto taken_over = StatusIs(absl::StatusCode::kUnavailable, HasSubstr("taken over the stage train"));
  EXPECT_THAT(old_writer.CheckAttempt(), taken_over);
  EXPECT_THAT(old_writer.Update([](TrainSection& train) { train.set_parameter_count(1); }), taken_over);
  EXPECT_THAT(old_writer.AddDeviation("cpu_model", "a", "b"), taken_over);
  EXPECT_THAT(old_writer.FinishAttempt(StageRun::COMPLETE), taken_over);
  EXPECT_EQ(Read().generation(), generation);
  EXPECT_THAT(new_writer.CheckAttempt(), IsOk());
}

TEST_F(SectionWriterTest, FinishingNeedsABeginning) {
  SectionWriter<TrainSection> writer(*store_);
  EXPECT_THAT(writer.FinishAttempt(StageRun::COMPLETE), StatusIs(absl::StatusCode::kInternal, HasSubstr("Begin")));
}

TEST_F(SectionWriterTest, AmendmentsAndDeviationsAreAddedToTheRun) {
  const absl::Time before = absl::Now();
  SectionWriter<TrainSection> writer(*store_);
  Amendment amendment;
  amendment.set_field("train.batch_size");
  amendment.set_old_value("32");
  amendment.set_new_value("64");
  amendment.set_step_index(7);
  ASSERT_THAT(writer.BeginAttempt(Inputs("1"), {}, nullptr, {amendment}), IsOk());
  ASSERT_THAT(writer.AddDeviation("cpu_model", "A", "B"), IsOk());
  ASSERT_THAT(SectionWriter<LoadSection>(*store_).AddDeviation("cpu_model", "B", "C"), IsOk());
  const RunSection run = Read().run();
  ASSERT_EQ(run.amendments_size(), 1);
  EXPECT_EQ(run.amendments(0).stage(), "train");
  EXPECT_EQ(run.amendments(0).field(), "train.batch_size");
  EXPECT_EQ(run.amendments(0).old_value(), "32");
  EXPECT_EQ(run.amendments(0).new_value(), "64");
  EXPECT_EQ(run.amendments(0).step_index(), 7);
  EXPECT_GE(FromTimestamp(run.amendments(0).time()), before);
  ASSERT_EQ(run.deviations_size(), 2);
  EXPECT_EQ(run.deviations(0).name(), "cpu_model");
  EXPECT_EQ(run.deviations(1).stage(), "load");
  EXPECT_EQ(run.deviations(1).new_value(), "C");
}

}  // namespace
}  // namespace baton
