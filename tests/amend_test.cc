// --allow_changes and train.strict_environment: unfinished training goes on with another value only when that is
// allowed by name, the record says so, and it is as safe against being killed as any training.
#include <signal.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/pipeline_harness.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kRate = "train.optimizer.learning_rate=0.02";
const std::string kAllowRate = "--allow_changes=train.optimizer.learning_rate";

// A pipeline whose training was stopped at step 7, in the middle of its second epoch of 5 steps.
class StoppedTraining : public PipelineFolder {
 public:
  explicit StoppedTraining(const std::string& name, std::vector<std::string> arguments = {}) : PipelineFolder(name) {
    EXPECT_EQ(Run("load").exit_code, 0);
    arguments.push_back("--stop_at_step=7");
    const ProcessResult stopped = Run("train", arguments);
    EXPECT_EQ(stopped.exit_code, 75) << stopped.err;
  }

  // The train program of tests, with the configuration that the run directory has.
  ProcessResult Hostile(const std::vector<std::string>& arguments,
                        const std::map<std::string, std::string>& environment) const {
    std::vector<std::string> command = {Binary("tests/hostile_train"), absl::StrCat("--run_dir=", run_dir())};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return RunProcess(command, {.environment = environment});
  }

  // The content of the final snapshot's files, by name.
  std::map<std::string, std::string> FinalState() const {
    std::map<std::string, std::string> files;
    const Metadata record = Record();
    EXPECT_EQ(record.train().stage().status(), StageRun::COMPLETE);
    for (const auto& [name, file] : StateOf(absl::StrCat(run_dir(), "/", record.train().last_snapshot().path()))) {
      files[name] = file.contents;
    }
    return files;
  }
};

TEST(AllowChanges, GoesOnWithTheNewValueAndRecordsIt) {
  const StoppedTraining training("goes_on");
  const Metadata before = training.Record();
  const ProcessResult refused = training.Run("train", {kRate});
  EXPECT_EQ(refused.exit_code, 64);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("train.optimizer.learning_rate"), HasSubstr("--allow_changes=")));

  const ProcessResult amended = training.Run("train", {kRate, kAllowRate});
  ASSERT_EQ(amended.exit_code, 0) << amended.err;
  const Metadata record = training.Record();
  ASSERT_EQ(record.run().amendments_size(), 1);
  const Amendment& amendment = record.run().amendments(0);
  EXPECT_EQ(amendment.stage(), "train");
  EXPECT_EQ(amendment.field(), "train.optimizer.learning_rate");
  EXPECT_EQ(amendment.new_value(), "0.02");
  EXPECT_EQ(amendment.step_index(), 7);
  EXPECT_EQ(amendment.from_key(), before.train().stage().key());
  EXPECT_EQ(amendment.to_key(), record.train().stage().key());
  EXPECT_NE(amendment.from_key(), amendment.to_key());
  EXPECT_EQ(record.train().stage().attempts(0).resumed_from_step(), 7);
  EXPECT_EQ(record.train().history_size(), 4);
  EXPECT_DOUBLE_EQ(record.train().history(3).learning_rate(), 0.02);
  // What was there stays.
  EXPECT_FALSE(StateOf(absl::StrCat(training.run_dir(), "/", before.train().last_snapshot().path())).empty());

  // The same command again, with and without the flag, has nothing to do; the chain goes on from there.
  for (const std::vector<std::string>& again : std::vector<std::vector<std::string>>{{kRate, kAllowRate}, {kRate}}) {
    const ProcessResult skipped = training.Run("train", again);
    EXPECT_EQ(skipped.exit_code, 0) << skipped.err;
    EXPECT_THAT(skipped.err, HasSubstr("complete, skipped"));
  }
  const ProcessResult chain = training.Run("run", {kRate});
  EXPECT_EQ(chain.exit_code, 0) << chain.err;
  EXPECT_EQ(training.Record().run().amendments_size(), 1);
  EXPECT_EQ(training.Record().evaluate().stage().status(), StageRun::COMPLETE);
}

TEST(AllowChanges, NothingElseMayChange) {
  const StoppedTraining training("nothing_else");
  const FolderState before = StateOf(training.run_dir());
  for (const char* program : {"train", "run"}) {
    const ProcessResult other = training.Run(program, {kRate, kAllowRate, "train.clip_norm=5"});
    EXPECT_EQ(other.exit_code, 64);
    EXPECT_THAT(other.err, AllOf(HasSubstr("train.clip_norm: 0 (the default) -> 5"), Not(HasSubstr("learning_rate:"))));
    const ProcessResult typo = training.Run(program, {kRate, "--allow_changes=train.optimiser"});
    EXPECT_EQ(typo.exit_code, 64);
    EXPECT_THAT(typo.err, HasSubstr("did you mean train.optimizer?"));
    const ProcessResult both = training.Run(program, {kRate, kAllowRate, "--start_over"});
    EXPECT_EQ(both.exit_code, 64);
  }
  // The optimizer's slots would be others.
  const ProcessResult slots = training.Run("train", {"train.optimizer.sgd={}", "--allow_changes=train.optimizer"});
  EXPECT_EQ(slots.exit_code, 64);
  EXPECT_THAT(slots.err, HasSubstr("cannot change what State consists of"));
  EXPECT_THAT(Differences(before, StateOf(training.run_dir()), {"locks", "cache", "logs"}), testing::IsEmpty());
}

TEST(AllowChanges, TheChainPassesItOn) {
  const StoppedTraining training("chain");
  const ProcessResult chain = training.Run("run", {kRate, kAllowRate});
  ASSERT_EQ(chain.exit_code, 0) << chain.err;
  EXPECT_EQ(training.Record().run().amendments_size(), 1);
  EXPECT_EQ(training.Record().train().stage().attempts(0).resumed_from_step(), 7);
}

// Other batches in the middle of an epoch go on at the same place in the data.
TEST(AllowChanges, OtherBatchesGoOnWhereTheDataStand) {
  const StoppedTraining training("batches");
  const ProcessResult amended = training.Run("train", {"train.batch_size=12", "--allow_changes=train.batch_size"});
  ASSERT_EQ(amended.exit_code, 0) << amended.err;
  const TrainSection train = training.Record().train();
  ASSERT_EQ(train.history_size(), 4);
  // 72 rows: 5 batches of 16 in the first epoch; of the second, 2 of 16 and 4 of 12, the last of which has 4 rows.
  EXPECT_EQ(train.history(0).step_index(), 5);
  EXPECT_EQ(train.history(1).step_index(), 7 + 4);
  EXPECT_EQ(train.history(1).examples(), 2 * 72);
  EXPECT_EQ(train.history(2).step_index(), 7 + 4 + 6);
}

// The end of a schedule that was fixed when training started is moved by its name alone.
TEST(AllowChanges, MovesTheEndOfASchedule) {
  const StoppedTraining training("horizon", {"train.schedule.cosine={}"});
  const std::vector<std::string> more = {"train.schedule.cosine={}", "train.max_epochs=6",
                                         "train.schedule.horizon_steps=30"};
  const ProcessResult amended = training.Run(
      "train", {more[0], more[1], more[2], "--allow_changes=train.schedule.horizon_steps", "--stop_at_step=9"});
  ASSERT_EQ(amended.exit_code, 75) << amended.err;
  ASSERT_EQ(training.Record().run().amendments_size(), 1);
  const Amendment amendment = training.Record().run().amendments(0);
  EXPECT_EQ(amendment.field(), "train.schedule.horizon_steps");
  EXPECT_EQ(amendment.old_value(), "20");
  EXPECT_EQ(amendment.new_value(), "30");
  ASSERT_EQ(training.Run("train", more).exit_code, 0);
  // 6 epochs of 5 steps: the last one takes 1 + cos(29 pi / 30), halved, of the rate of 0.01.
  EXPECT_NEAR(training.Record().train().history(5).learning_rate(), 0.01 * 0.0027390523, 1e-9);
}

// For other data there is fine-tuning.
TEST(AllowChanges, NotTheDataOrTheLoss) {
  const StoppedTraining training("data");
  for (const char* change : {"seed=9", "train.criterion.cross_entropy.class_weights=[1,2]"}) {
    const ProcessResult refused = training.Run("run", {change, "--allow_changes=train,seed,load"});
    EXPECT_EQ(refused.exit_code, 64) << change;
    EXPECT_THAT(refused.err, HasSubstr("train.initial_weights.snapshot")) << change;
  }
}

// What stands under the new key from before the change is no State to go on from.
TEST(AllowChanges, DoesNotGoOnFromBeforeTheChange) {
  const StoppedTraining training("before");
  ASSERT_EQ(training.Run("train", {kRate, kAllowRate, "--stop_at_step=8"}).exit_code, 75);
  const TrainSection train = training.Record().train();
  ASSERT_NE(train.best_snapshot().step_index(), 7);
  for (const char* step : {"7", "8"}) {
    const std::string file = absl::StrCat(training.run_dir(), "/train/", train.stage().key(), "/step-00000000000", step,
                                          "/model.safetensors");
    WriteText(file, ReadText(file) + "x");
  }
  const ProcessResult refused = training.Run("train", {kRate});
  EXPECT_EQ(refused.exit_code, 65) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("no snapshot from step 7 on is left"));
  // As it says: from the beginning, with the new value from the first step on.
  const ProcessResult over = training.Run("train", {kRate, "--start_over"});
  EXPECT_EQ(over.exit_code, 0) << over.err;
  EXPECT_EQ(training.Record().train().stage().status(), StageRun::COMPLETE);
  EXPECT_NE(training.Record().train().stage().key(), train.stage().key());
  EXPECT_FALSE(training.Record().train().stage().attempts(0).has_resumed_from_step());
}

TEST(AllowChanges, WithNothingLeftToTrainIsRefused) {
  const StoppedTraining training("nothing_left");
  ASSERT_EQ(training.Run("train").exit_code, 0);
  const ProcessResult refused = training.Run("train", {kRate, kAllowRate});
  EXPECT_EQ(refused.exit_code, 64);
  EXPECT_THAT(refused.err, HasSubstr("has done 4 epochs"));
  ASSERT_EQ(training.Run("train", {kRate, kAllowRate, "train.max_epochs=5"}).exit_code, 0);
  EXPECT_DOUBLE_EQ(training.Record().train().history(4).learning_rate(), 0.02);
}

// Killed at many calls on its way, with the flag given every time or only at first, it ends with the same bits.
TEST(AllowChanges, KilledAnywhereItEndsWithTheSameBits) {
  const StoppedTraining reference("reference");
  ASSERT_EQ(reference.Run("train", {kRate, kAllowRate}).exit_code, 0);
  const std::map<std::string, std::string> expected = reference.FinalState();

  const StoppedTraining training("killed");
  int kills = 0;
  for (int call = 1;; call += 5, ++kills) {
    const ProcessResult result = training.Hostile({kRate, kAllowRate}, {{"BATON_KILL_AT", absl::StrCat(call)}});
    if (result.exit_code == 0) break;
    ASSERT_EQ(result.exit_code, 128 + SIGKILL) << result.err;
  }
  EXPECT_GT(kills, 10);
  EXPECT_TRUE(training.FinalState() == expected);
  EXPECT_EQ(training.Record().run().amendments_size(), 1);
  const TrainSection train = training.Record().train(), as_expected = reference.Record().train();
  EXPECT_THAT(train.finished_steps(), testing::ElementsAreArray(as_expected.finished_steps()));

  // The control: with the old value the bits are others.
  const StoppedTraining unchanged("unchanged");
  ASSERT_EQ(unchanged.Run("train").exit_code, 0);
  EXPECT_FALSE(unchanged.FinalState().at("model.safetensors") == expected.at("model.safetensors"));
}

// libtorch takes other kernels under this variable, as it does on another CPU.
TEST(StrictEnvironment, RefusesToGoOnElsewhere) {
  const StoppedTraining training("strict");
  const std::map<std::string, std::string> elsewhere = {{"ATEN_CPU_CAPABILITY", "default"}};
  const ProcessResult refused = training.Hostile({"train.strict_environment=true"}, elsewhere);
  EXPECT_EQ(refused.exit_code, 78);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("cpu_capability"), HasSubstr("train.strict_environment=false")));
  EXPECT_EQ(training.Record().run().deviations_size(), 0);
  // At home it goes on; and elsewhere without it, which is recorded.
  ASSERT_EQ(training.Run("train", {"train.strict_environment=true", "--stop_at_step=8"}).exit_code, 75);
  const ProcessResult recorded = training.Hostile({"train.strict_environment=false"}, elsewhere);
  EXPECT_EQ(recorded.exit_code, 0) << recorded.err;
  EXPECT_EQ(training.Record().run().deviations_size(), 1);
}

}  // namespace
}  // namespace baton
