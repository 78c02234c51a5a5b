// What evaluate does when something is missing, damaged, changed or in its way.

#include <signal.h>
#include <stdlib.h>

#include <cmath>

#include "base/errors.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/seal.h"
#include "base/signals.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "data/dataset.h"
#include "metadata/section_writer.h"
#include "metadata/store.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/evaluate/evaluate_fixture.h"

namespace baton {
namespace {

using absl::StatusCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EvaluateFailuresTest : public EvaluateTest {
 protected:
  void SetUp() override { made_.Write(options_.run_dir); }

  StageRun Recorded() const { return Record().evaluate().stage(); }
  std::vector<std::string> Evaluations() {
    const auto names = ListFolder(fs_, Path("evaluate"));
    return names.ok() ? *names : std::vector<std::string>();
  }
  void FlipLastByte(const std::string& relative) {
    ASSERT_OK_AND_ASSIGN(std::string bytes, ReadFile(fs_, Path(relative)));
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    ASSERT_THAT(ReplaceFile(fs_, Path(relative), bytes), IsOk());
  }

  TrainedRun made_ = Classification();
};

TEST_F(EvaluateFailuresTest, TrainMustBeCompleteUnderTheConfiguration) {
  EXPECT_THAT(Run({"train.optimizer.learning_rate=0.5"}),
              StatusIs(StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("run train first"), HasSubstr("train.optimizer.learning_rate"))));
  EXPECT_THAT(Run({"load.split.holdout_fraction=0.5"}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("run load first")));
  EditTrain(options_.run_dir, [](TrainSection& section) { section.set_stop_reason(TrainSection::MAX_EPOCHS); });
  EXPECT_THAT(Run({"train.max_epochs=30"}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("2 epochs, 16 steps, and train.max_epochs is 30")));
  EXPECT_FALSE(Recorded().has_key()) << "nothing was begun";
  EXPECT_THAT(Evaluations(), IsEmpty());
}

TEST_F(EvaluateFailuresTest, DamagedSnapshotIsReportedAndRecorded) {
  const SnapshotReference best = Record().train().best_snapshot();
  FlipLastByte(best.path() + "/model.safetensors");
  EXPECT_THAT(Run(),
              StatusIs(StatusCode::kDataLoss, AllOf(HasSubstr("model.safetensors"), HasSubstr("run train again"))));
  EXPECT_EQ(Recorded().status(), StageRun::FAILED);
  EXPECT_THAT(Recorded().error(), HasSubstr("model.safetensors"));
  EXPECT_THAT(Evaluations(), IsEmpty());
  FlipLastByte(best.path() + "/model.safetensors");
  EXPECT_THAT(Run(), IsOk());
  EXPECT_EQ(Recorded().status(), StageRun::COMPLETE);
  EXPECT_FALSE(Recorded().has_error());
  EXPECT_EQ(Recorded().attempts_size(), 2);
}

TEST_F(EvaluateFailuresTest, SnapshotThatIsNotTheRecordedOne) {
  EditTrain(options_.run_dir,
            [](TrainSection& section) { section.mutable_best_snapshot()->set_path(section.last_snapshot().path()); });
  EXPECT_THAT(Run(), StatusIs(StatusCode::kDataLoss, HasSubstr("is another snapshot than the record names")));
  EditTrain(options_.run_dir, [](TrainSection& section) { section.mutable_best_snapshot()->set_path("train/none"); });
  EXPECT_THAT(Run(), StatusIs(StatusCode::kNotFound, AllOf(HasSubstr("train/none"), HasSubstr("run train again"))));
}

TEST_F(EvaluateFailuresTest, SnapshotOfAnotherDataset) {
  const std::string load_folder = "load/" + Record().load().stage().key();
  ASSERT_OK_AND_ASSIGN(Dataset dataset, ReadDatasetIndex(fs_, Path(load_folder)));
  dataset.mutable_target()->set_name("z");
  made_.foreign_dataset_index = Seal(dataset);
  ASSERT_THAT(RemoveTree(fs_, options_.run_dir), IsOk());
  made_.Write(options_.run_dir);
  EXPECT_THAT(Run(),
              StatusIs(StatusCode::kDataLoss, HasSubstr("was trained on the dataset sha256:" + dataset.sha256())));
}

TEST_F(EvaluateFailuresTest, NoHoldout) {
  ASSERT_THAT(RemoveTree(fs_, options_.run_dir), IsOk());
  made_.holdout_features.clear();
  made_.holdout_classes.clear();
  made_.Write(options_.run_dir);
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("load.split.holdout_fraction")));
}

TEST_F(EvaluateFailuresTest, DamagedHoldout) {
  FlipLastByte("load/" + Record().load().stage().key() + "/holdout.safetensors");
  const std::string digests = RunDirectory(options_.run_dir).DigestCacheFile();
  ASSERT_THAT(MakeFolders(fs_, ParentFolder(digests)), IsOk());
  ASSERT_THAT(ReplaceFile(fs_, digests, "what is known of the files"), IsOk());
  EXPECT_THAT(Run(),
              StatusIs(StatusCode::kDataLoss, AllOf(HasSubstr("holdout.safetensors"), HasSubstr("run load again"))));
  EXPECT_EQ(Recorded().status(), StageRun::FAILED);
  EXPECT_FALSE(*Exists(fs_, digests)) << "load would be skipped by it";
}

TEST_F(EvaluateFailuresTest, OutputsThatAreNotFinite) {
  ASSERT_THAT(RemoveTree(fs_, options_.run_dir), IsOk());
  made_.weight[0] = NAN;
  made_.Write(options_.run_dir);
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("score of row 0 is nan")));
  EXPECT_EQ(Recorded().status(), StageRun::FAILED);
  EXPECT_THAT(Evaluations(), IsEmpty());
}

TEST_F(EvaluateFailuresTest, DamagedOutputsAreSetAsideAndMadeAgain) {
  ASSERT_THAT(Run(), IsOk());
  const EvaluateSection before = Record().evaluate();
  FlipLastByte(before.outputs(0).path());
  ASSERT_THAT(Run(), IsOk());
  const EvaluateSection after = Record().evaluate();
  EXPECT_EQ(after.outputs(0).sha256(), before.outputs(0).sha256());
  EXPECT_EQ(after.outputs(1).sha256(), before.outputs(1).sha256());
  EXPECT_THAT(Evaluations(), ElementsAre(before.stage().key(), before.stage().key() + ".damaged"));
  ASSERT_THAT(RemoveTree(fs_, Path(before.outputs(1).path())), IsOk());
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Evaluations(), testing::SizeIs(3));
  const uint64_t generation = Record().generation();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_EQ(Record().generation(), generation) << "now it is skipped";
}

// As when the process is killed after the folder was renamed and before the record was committed.
TEST_F(EvaluateFailuresTest, IntactOutputsOfAKilledAttemptAreKept) {
  ASSERT_THAT(Run(), IsOk());
  const EvaluateSection before = Record().evaluate();
  ASSERT_THAT(MakeFolders(fs_, Path("evaluate/.tmp-left-behind")), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(fs_, options_.run_dir, ""));
  KeyInputs inputs;
  for (const KeyInput& input : before.stage().key_inputs()) inputs.Add(input.name(), input.value());
  ASSERT_THAT(SectionWriter<EvaluateSection>(*store).BeginAttempt(inputs, {}), IsOk());
  struct stat first, second;
  ASSERT_EQ(fs_.Stat(Path(before.report()), &first), 0);
  ASSERT_THAT(Run(), IsOk());
  ASSERT_EQ(fs_.Stat(Path(before.report()), &second), 0);
  EXPECT_EQ(first.st_ino, second.st_ino) << "it is the same file";
  EXPECT_EQ(Recorded().status(), StageRun::COMPLETE);
  EXPECT_THAT(Evaluations(), ElementsAre(before.stage().key()));
}

TEST_F(EvaluateFailuresTest, FullDiskLeavesNothingHalf) {
  const int faults = ForEachFault(
      {.operations = {FileOperation::kWrite, FileOperation::kSync, FileOperation::kRename,
                      FileOperation::kRenameExclusive, FileOperation::kMakeDirectory},
       .path = "/evaluate",
       .error = ENOSPC},
      [&] { ASSERT_THAT(RemoveTree(fs_, Path("evaluate")), IsOk()); },
      [&](FileSystem& fs) {
        options_.fs = &fs;
        return Run();
      },
      [&](FaultyFileSystem& fs, const absl::Status& status) {
        options_.fs = &fs_;
        if (fs.faults() == 0) return;
        EXPECT_THAT(status, StatusIs(StatusCode::kResourceExhausted, HasSubstr("No space left on device")));
        EXPECT_EQ(Recorded().status(), StageRun::FAILED);
        EXPECT_THAT(Recorded().error(), HasSubstr("No space left on device"));
        ASSERT_THAT(Run(), IsOk());
        EXPECT_EQ(Recorded().status(), StageRun::COMPLETE);
        EXPECT_THAT(Evaluations(), ElementsAre(Recorded().key()));
      });
  // Two files written and synced, the folders made, synced and renamed.
  EXPECT_GE(faults, 8);
}

TEST_F(EvaluateFailuresTest, WaitsForNobodyWhoHoldsALock) {
  for (const char* stage : {"load", "train", "evaluate"}) {
    ASSERT_THAT(MakeFolders(fs_, Path("locks")), IsOk());
    ASSERT_OK_AND_ASSIGN(const auto lock,
                         FileLock::Acquire(Path(std::string("locks/") + stage + ".lock"), FileLock::Mode::kExclusive));
    EXPECT_THAT(Run(), StatusIs(StatusCode::kUnavailable, HasSubstr(std::string(stage) + ".lock")));
  }
  EXPECT_THAT(Run(), IsOk());
}

TEST_F(EvaluateFailuresTest, StopSignalInterruptsAndTheSameCommandGoesOn) {
  // In a process of its own: a stop request stands as long as its process.
  const auto stopped = [this] {
    InstallStopSignals();
    raise(SIGTERM);
    _exit(ExitCode(Run()));  // without exit handlers: this process has libtorch's state, but not its threads
  };
  EXPECT_EXIT(stopped(), testing::ExitedWithCode(75), "");
  EXPECT_EQ(Recorded().status(), StageRun::INTERRUPTED);
  EXPECT_THAT(Evaluations(), IsEmpty());
  ASSERT_THAT(Run(), IsOk());
  EXPECT_EQ(Recorded().status(), StageRun::COMPLETE);
  EXPECT_EQ(Recorded().attempts_size(), 2);
}

}  // namespace
}  // namespace baton
