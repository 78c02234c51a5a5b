// The chain of the real programs on a small table: what is skipped, resumed, started anew or refused.

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <string>
#include <vector>

#include "base/digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/pipeline_harness.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// All that is there of a folder's files: what finished work must stay as.
FolderState FilesOf(const std::string& folder) {
  FolderState state = StateOf(folder);
  std::erase_if(state, [](const auto& entry) { return entry.second.is_folder; });
  return state;
}

// Long enough to be stopped in the middle: some thousand steps, a snapshot every 50.
std::vector<std::string> Long(std::vector<std::string> arguments = {}) {
  arguments.insert(arguments.begin(), {"train.max_epochs=600", "train.snapshots.every_steps=50"});
  return arguments;
}

// Leaves the pipeline with unfinished training: SIGTERM after the first snapshot.
void Interrupt(const PipelineFolder& pipeline) {
  const ProcessResult result =
      pipeline.Run("run", Long(), {.signal_when = [&](const std::string&) { return pipeline.HasSnapshot(); }});
  ASSERT_EQ(result.exit_code, 75) << result.err;
  ASSERT_EQ(pipeline.Record().train().stage().status(), StageRun::INTERRUPTED);
}

TEST(Pipeline, FromATableToMetrics) {
  const PipelineFolder pipeline("from_a_table");
  const ProcessResult result = pipeline.Run("run");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Metadata record = pipeline.Record();
  EXPECT_EQ(record.run().name(), "small");
  for (const StageRun* stage : {&record.load().stage(), &record.train().stage(), &record.evaluate().stage()}) {
    EXPECT_EQ(stage->status(), StageRun::COMPLETE);
    EXPECT_EQ(stage->attempts_size(), 1);
  }
  EXPECT_EQ(record.load().rows(), 120);
  EXPECT_EQ(record.load().raw_file_sha256(), Sha256Hex(TableText(120)));
  EXPECT_EQ(record.train().history_size(), 4);
  // 72 of the 120 rows in batches of 16 are 5 steps an epoch.
  EXPECT_EQ(record.train().last_snapshot().step_index(), 20);
  EXPECT_EQ(record.evaluate().rows(), 24);
  EXPECT_GT(record.evaluate().holdout_performance().at("accuracy"), 0.5);
  // One table, and nothing else on stdout.
  EXPECT_THAT(result.out, StartsWith("small\n"));
  for (const char* stage : {"load", "train", "evaluate"}) {
    EXPECT_THAT(result.out, ContainsRegex(std::string(stage) + " +ran "));
  }
  EXPECT_THAT(result.out, AllOf(ContainsRegex("accuracy +[0-9.]+ +[0-9.]+\n"),
                                HasSubstr("model: " + pipeline.run_dir() + "/" + record.evaluate().snapshot().path()),
                                HasSubstr("head: " + record.sha256() + "\n")));
  const ProcessResult verified =
      RunProcess({Binary("metadata/inspect"), "verify", pipeline.run_dir(), "--head=" + record.sha256()});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
}

TEST(Pipeline, WhenAllIsDoneNothingIsWritten) {
  const PipelineFolder pipeline("all_is_done");
  const ProcessResult first = pipeline.Run("run");
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const FolderState before = StateOf(pipeline.run_dir());
  // With the run directory alone as well.
  for (const ProcessResult& again :
       {pipeline.Run("run"), RunProcess({Binary("pipeline/run/run"), "--run_dir=" + pipeline.run_dir()})}) {
    ASSERT_EQ(again.exit_code, 0) << again.err;
    for (const char* stage : {"load", "train", "evaluate"}) {
      EXPECT_THAT(again.out, ContainsRegex(std::string(stage) + " +skipped "));
      EXPECT_THAT(again.err, HasSubstr(std::string(stage) + ": complete, skipped"));
    }
    EXPECT_EQ(again.out.substr(again.out.find("holdout")), first.out.substr(first.out.find("holdout")));
    EXPECT_THAT(Differences(before, StateOf(pipeline.run_dir()), {"cache"}), IsEmpty());
  }
  const FolderState all_before = StateOf(pipeline.run_dir());
  const ProcessResult dry = pipeline.Run("run", {"--dry_run"});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_EQ(dry.out,
            "load is complete, would be skipped\ntrain is complete, would be skipped\n"
            "evaluate is complete, would be skipped\n");
  EXPECT_THAT(Differences(all_before, StateOf(pipeline.run_dir())), IsEmpty());
  // The stages by themselves do the same.
  for (const char* stage : {"load", "train", "evaluate"}) {
    const ProcessResult again = pipeline.Run(stage);
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_THAT(Differences(before, StateOf(pipeline.run_dir()), {"cache", "locks"}), IsEmpty()) << stage;
  }
}

// Linking them would cost more than all that `run` does.
TEST(Pipeline, RunLinksNeitherTorchNorArrow) {
  const ProcessResult linked =
      RunProcess({Binary("pipeline/run/run")}, {.environment = {{"LD_TRACE_LOADED_OBJECTS", "1"}}});
  EXPECT_THAT(linked.out, AllOf(HasSubstr("libc.so"), Not(HasSubstr("torch")), Not(HasSubstr("arrow"))));
}

TEST(Pipeline, ATouchedRawFileIsTheSame) {
  const PipelineFolder pipeline("touched");
  ASSERT_EQ(pipeline.Run("run").exit_code, 0);
  const FolderState before = StateOf(pipeline.run_dir());
  const timespec long_ago[2] = {{1, 0}, {1, 0}};
  utimensat(AT_FDCWD, pipeline.table().c_str(), long_ago, 0);
  const ProcessResult again = pipeline.Run("run");
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.out, ContainsRegex("load +skipped "));
  EXPECT_THAT(Differences(before, StateOf(pipeline.run_dir()), {"cache"}), IsEmpty());
}

TEST(Pipeline, OneByteOfTheRawFileMakesNewKeysBesideTheOldOnes) {
  const PipelineFolder pipeline("one_byte");
  ASSERT_EQ(pipeline.Run("run").exit_code, 0);
  const Metadata old_record = pipeline.Record();
  const FolderState before = FilesOf(pipeline.run_dir());
  std::string table = TableText(120);
  char& digit = table[table.find('\n') + 5];
  ASSERT_TRUE(std::isdigit(digit));
  digit = digit == '9' ? '0' : digit + 1;
  const std::string old_digest = Sha256Hex(TableText(120)), new_digest = Sha256Hex(table);
  WriteText(pipeline.table(), table);

  const ProcessResult result = pipeline.Run("run");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("raw_file.sha256: " + old_digest + " -> " + new_digest));
  EXPECT_THAT(result.out,
              AllOf(ContainsRegex("load +ran "), ContainsRegex("train +ran "), ContainsRegex("evaluate +ran ")));
  const Metadata record = pipeline.Record();
  EXPECT_NE(record.load().stage().key(), old_record.load().stage().key());
  EXPECT_NE(record.train().stage().key(), old_record.train().stage().key());
  EXPECT_NE(record.evaluate().stage().key(), old_record.evaluate().stage().key());
  EXPECT_THAT(Differences(before, FilesOf(pipeline.run_dir()), {"cache", "locks"}), Each(StartsWith("new ")));
}

TEST(Pipeline, MoreEpochsGoOnAsIfTheyHadBeenWantedAtFirst) {
  const PipelineFolder pipeline("more_epochs");
  ASSERT_EQ(pipeline.Run("run").exit_code, 0);
  const ProcessResult more = pipeline.Run("run", {"train.max_epochs=6"});
  ASSERT_EQ(more.exit_code, 0) << more.err;
  EXPECT_THAT(more.out, AllOf(ContainsRegex("load +skipped "), ContainsRegex("train +resumed from step 20 ")));
  EXPECT_EQ(pipeline.Record().train().history_size(), 6);

  const PipelineFolder at_once("six_epochs_at_once");
  ASSERT_EQ(at_once.Run("run", {"train.max_epochs=6"}).exit_code, 0);
  EXPECT_EQ(pipeline.Record().train().last_snapshot().model_sha256(),
            at_once.Record().train().last_snapshot().model_sha256());
  EXPECT_EQ(pipeline.Record().train().stage().key(), at_once.Record().train().stage().key());

  // Fewer take nothing away.
  const FolderState before = StateOf(pipeline.run_dir());
  const ProcessResult fewer = pipeline.Run("run", {"train.max_epochs=3"});
  ASSERT_EQ(fewer.exit_code, 0) << fewer.err;
  EXPECT_THAT(fewer.err, HasSubstr("train.max_epochs is 3, and 6 epochs, 30 steps were done before"));
  EXPECT_THAT(Differences(before, StateOf(pipeline.run_dir()), {"cache"}), ElementsAre("rewritten config.textproto"));
}

TEST(Pipeline, AnotherSeedStartsNewKeysWhenAllIsComplete) {
  const PipelineFolder pipeline("another_seed");
  ASSERT_EQ(pipeline.Run("run").exit_code, 0);
  const Metadata old_record = pipeline.Record();
  const FolderState before = FilesOf(pipeline.run_dir());
  const ProcessResult result = pipeline.Run("run", {"seed=6"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("seed: 5 -> 6"));
  EXPECT_NE(pipeline.Record().train().stage().key(), old_record.train().stage().key());
  EXPECT_THAT(Differences(before, FilesOf(pipeline.run_dir()), {"cache", "locks", "config.textproto"}),
              Each(StartsWith("new ")));
}

TEST(Pipeline, AfterSigtermTheSameCommandGoesOn) {
  const PipelineFolder pipeline("sigterm");
  Interrupt(pipeline);
  const uint64_t step = pipeline.Record().train().last_snapshot().step_index();
  EXPECT_GT(step, 0);
  const ProcessResult result = pipeline.Run("run", Long());
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(ContainsRegex("load +skipped "),
                                ContainsRegex("train +resumed from step " + std::to_string(step) + " "),
                                ContainsRegex("evaluate +ran ")));
  EXPECT_EQ(pipeline.Record().train().last_snapshot().step_index(), 3000);
}

TEST(Pipeline, UnfinishedTrainingIsNotAbandonedUnasked) {
  const PipelineFolder pipeline("unfinished");
  Interrupt(pipeline);
  const FolderState before = StateOf(pipeline.run_dir());

  const ProcessResult seed = pipeline.Run("run", Long({"seed=6"}));
  EXPECT_EQ(seed.exit_code, 64);
  EXPECT_THAT(seed.err, AllOf(HasSubstr("seed: 5 -> 6"), HasSubstr("--start_over"), HasSubstr("Put back")));
  const ProcessResult batch_size = pipeline.Run("run", Long({"train.batch_size=8"}));
  EXPECT_EQ(batch_size.exit_code, 64);
  EXPECT_THAT(batch_size.err, HasSubstr("train.batch_size: 16 -> 8"));
  WriteText(pipeline.table(), TableText(120, /*seed=*/1));
  const ProcessResult raw = pipeline.Run("run", Long());
  EXPECT_EQ(raw.exit_code, 64);
  EXPECT_THAT(raw.err,
              HasSubstr("raw_file.sha256: " + Sha256Hex(TableText(120)) + " -> " + Sha256Hex(TableText(120, 1))));
  EXPECT_THAT(Differences(before, StateOf(pipeline.run_dir()), {"cache"}), IsEmpty());

  // What would be done is said, and refused, likewise.
  const ProcessResult dry_raw = pipeline.Run("run", Long({"--dry_run"}));
  EXPECT_EQ(dry_raw.exit_code, 64);
  EXPECT_EQ(dry_raw.err, raw.err);
  EXPECT_EQ(pipeline.Run("run", Long({"--dry_run", "--start_over"})).out,
            "load would run (runs under a new key, since this changed (earlier results stay):\n  raw_file.sha256: " +
                Sha256Hex(TableText(120)) + " -> " + Sha256Hex(TableText(120, 1)) +
                ")\ntrain would follow load\nevaluate would follow load\n");
  WriteText(pipeline.table(), TableText(120));
  EXPECT_THAT(pipeline.Run("run", Long({"--dry_run"})).out,
              HasSubstr("train would go on from what it left\nevaluate would follow train\n"));
  EXPECT_THAT(
      pipeline.Run("run", Long({"--dry_run", "train.batch_size=8", "--allow_changes=train.batch_size"})).out,
      HasSubstr("train would go on from its newest snapshot with\n  train.batch_size: 16 -> 8\nevaluate would"));
  EXPECT_THAT(Differences(before, StateOf(pipeline.run_dir()), {"cache"}), IsEmpty());
  WriteText(pipeline.table(), TableText(120, /*seed=*/1));

  const FolderState files_before = FilesOf(pipeline.run_dir());
  const ProcessResult over = pipeline.Run("run", {"--start_over", "train.max_epochs=1"});
  EXPECT_EQ(over.exit_code, 0) << over.err;
  EXPECT_EQ(pipeline.Record().train().history_size(), 1);
  EXPECT_THAT(Differences(files_before, FilesOf(pipeline.run_dir()), {"cache", "locks", "config.textproto"}),
              Each(StartsWith("new ")));
}

// Its stage is killed by the kernel, which frees its locks at once.
TEST(Pipeline, WhenRunIsKilledSoIsItsStage) {
  const PipelineFolder pipeline("run_is_killed");
  const ProcessResult killed =
      pipeline.Run("run", {"train.max_epochs=1000000", "train.snapshots.every_steps=50"},
                   {.signal_when = [&](const std::string&) { return pipeline.HasSnapshot(); }, .signal = SIGKILL});
  EXPECT_EQ(killed.exit_code, 128 + SIGKILL);
  // Until the kernel has done so the directory is locked.
  ProcessResult again = {.exit_code = 69};
  for (int i = 0; i < 200 && again.exit_code == 69; ++i) {
    usleep(50'000);
    again = pipeline.Run("run", {"train.max_epochs=1"});
  }
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.out, ContainsRegex("train +resumed from step [0-9]+ "));
  const StageRun stage = pipeline.Record().train().stage();
  ASSERT_EQ(stage.attempts_size(), 2);
  EXPECT_FALSE(stage.attempts(0).has_end_time()) << "it was not killed, but asked to stop";
}

}  // namespace
}  // namespace baton
