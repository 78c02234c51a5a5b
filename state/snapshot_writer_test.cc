#include "state/snapshot_writer.h"

#include <memory>
#include <new>
#include <stdexcept>
#include <thread>

#include "base/files.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/gated_file_system.h"
#include "base/testing/status_matchers.h"
#include "base/testing/temporary_folder.h"
#include "state/test_state.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/arange.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using enum SnapshotWriter::Importance;

class SnapshotWriterTest : public testing::Test {
 protected:
  // Notes what becomes durable; keeps all.
  SnapshotWriter::Options Options() {
    return {.retention = {.keep_last = 100}, .on_durable = [this](const State& saved) {
              durable_.push_back(saved.progress.step_index());
              return absl::OkStatus();
            }};
  }
  // state_ at a later step. Its best epoch is at step 8.
  const State& At(uint64_t step) {
    state_.progress.set_step_index(step);
    state_.model().flat()[0] = static_cast<double>(step);
    return state_;
  }
  // Returns when the State may be changed again.
  absl::StatusOr<bool> Save(SnapshotWriter& writer, uint64_t step, SnapshotWriter::Importance importance) {
    const absl::StatusOr<bool> begun = writer.Save(At(step), importance);
    writer.FinishCopy();
    return begun;
  }
  // 32 MB in state_ that are copied before the optimizer's: longer than it takes to change those.
  void Pad() {
    state_.groups.insert(state_.groups.begin() + 1,
                         {"padding", Flatten({{"padding", at::arange(8 << 20, at::kFloat)}}).value()});
  }
  std::vector<std::string> Names() { return ListFolder(gate_, folder_).value(); }
  State Load(uint64_t step) { return LoadSnapshot(gate_, store_->PathOf(step), at::kCPU).value(); }
  void UseFolder(FileSystem& fs) { store_ = std::make_unique<SnapshotStore>(fs, folder_); }

  GatedFileSystem gate_;
  const TemporaryFolder temporary_folder_;
  const std::string folder_ = temporary_folder_.path();
  State state_ = TestState(8);
  std::vector<uint64_t> durable_;  // the writer's thread writes it; read after Wait() alone
  std::unique_ptr<SnapshotStore> store_;
};

TEST_F(SnapshotWriterTest, SavesInOrderAndSaysWhenEachIsDurable) {
  UseFolder(gate_);
  SnapshotWriter writer(*store_, Options(), state_);
  EXPECT_THAT(writer.Wait(), IsOk());
  EXPECT_THAT(Names(), IsEmpty());
  std::vector<State> saved;
  for (const uint64_t step : {8, 16, 24}) {
    EXPECT_TRUE(Save(writer, step, kRequired).value());
    saved.push_back(state_.CopyTo(at::kCPU));
  }
  ASSERT_THAT(writer.Wait(), IsOk());
  EXPECT_THAT(durable_, ElementsAre(8, 16, 24));
  for (const State& state : saved) EXPECT_TRUE(Identical(Load(state.progress.step_index()), state));
}

TEST_F(SnapshotWriterTest, RemovesWhatThePolicyDoesNotKeepBeforeItSaysDurable) {
  UseFolder(gate_);
  std::vector<std::vector<uint64_t>> on_disk;
  SnapshotWriter::Options options = Options();
  options.retention = {.keep_last = 1};
  options.on_durable = [&](const State&) {
    on_disk.push_back(store_->Steps().value());
    return absl::OkStatus();
  };
  SnapshotWriter writer(*store_, options, state_);
  state_.progress.clear_best();
  for (const uint64_t step : {8, 16, 24}) ASSERT_THAT(Save(writer, step, kRequired), IsOk());
  ASSERT_THAT(writer.Wait(), IsOk());
  EXPECT_THAT(on_disk, ElementsAre(ElementsAre(8), ElementsAre(8, 16), ElementsAre(8, 24))) << "8 is the best";
}

// Changes everything that a step of training changes, and more.
void Change(State& state) {
  for (const TensorGroup& group : state.groups) group.tensors.flat().fill_(-100);
  state.progress.set_loss_sum(-100);
  state.history.Add(Measurement());
  state.vocabulary = "[]";
}

TEST_F(SnapshotWriterTest, WhatChangesAfterTheCopyIsNotWritten) {
  UseFolder(gate_);
  Pad();
  const State before = state_.CopyTo(at::kCPU);
  SnapshotWriter writer(*store_, Options(), state_);
  gate_.SetOpen(false);
  ASSERT_TRUE(writer.Save(state_, kRequired).value());
  state_.progress.Clear();  // what is no tensor may change at once
  state_.attachments.clear();
  writer.FinishCopy();
  Change(state_);
  gate_.SetOpen(true);
  ASSERT_THAT(writer.Wait(), IsOk());
  EXPECT_TRUE(Identical(Load(8), before));
  writer.FinishCopy();  // nothing is left
}

// Without FinishCopy() the test before would notice, unless the thread is faster all the same: not each time.
TEST_F(SnapshotWriterTest, ControlWithoutFinishCopyTheChangeIsWritten) {
  UseFolder(gate_);
  Pad();
  SnapshotWriter writer(*store_, Options(), state_);
  bool written = false;
  for (uint64_t step = 8; !written && step < 16; ++step) {
    const State before = At(step).CopyTo(at::kCPU);
    ASSERT_THAT(writer.Save(state_, kRequired), IsOk());
    state_.groups.back().tensors.flat().fill_(-static_cast<double>(step));
    ASSERT_THAT(writer.Wait(), IsOk());
    written = !Identical(Load(step), before);
  }
  EXPECT_TRUE(written);
}

TEST_F(SnapshotWriterTest, WhileOneIsInFlightAPeriodicOneIsLeftOutAndARequiredOneWaits) {
  UseFolder(gate_);
  SnapshotWriter writer(*store_, Options(), state_);
  gate_.SetOpen(false);
  EXPECT_TRUE(Save(writer, 8, kPeriodic).value()) << "waits until the memory is made";
  EXPECT_FALSE(Save(writer, 16, kPeriodic).value());
  std::vector<uint64_t> durable_before;
  std::thread required([&] {
    EXPECT_TRUE(Save(writer, 24, kRequired).value());
    durable_before = store_->Steps().value();
  });
  gate_.SetOpen(true);
  required.join();
  EXPECT_EQ(durable_before.front(), 8);
  ASSERT_THAT(writer.Wait(), IsOk());
  EXPECT_THAT(durable_, ElementsAre(8, 24));
  EXPECT_TRUE(Save(writer, 32, kPeriodic).value()) << "nothing is in flight any more";
}

TEST_F(SnapshotWriterTest, TheDestructorFinishesWhatIsInFlight) {
  UseFolder(gate_);
  std::thread opener;
  {
    SnapshotWriter writer(*store_, Options(), state_);
    gate_.SetOpen(false);
    ASSERT_THAT(Save(writer, 8, kRequired), IsOk());
    opener = std::thread([&] { gate_.SetOpen(true); });
  }
  opener.join();
  EXPECT_THAT(store_->Steps().value(), ElementsAre(8));
  EXPECT_THAT(durable_, ElementsAre(8));
}

TEST_F(SnapshotWriterTest, AnyFailureIsToldOnceAndForAllAndLosesNothing) {
  const int faults = ForEachFault(
      {.operations = {FileOperation::kOpen, FileOperation::kWrite, FileOperation::kSync, FileOperation::kRename,
                      FileOperation::kRenameExclusive, FileOperation::kMakeDirectory, FileOperation::kUnlink},
       .error = ENOSPC},
      [&] { ASSERT_THAT(RemoveTree(gate_, folder_), IsOk()); },
      [&](FileSystem& fs) {
        UseFolder(fs);
        SnapshotWriter::Options options = Options();
        options.retention = {.keep_last = 1};
        SnapshotWriter writer(*store_, options, state_);
        absl::Status first;
        for (const uint64_t step : {8, 16, 24, 32}) {
          const absl::StatusOr<bool> saved = Save(writer, step, kRequired);
          EXPECT_TRUE(first.ok() || saved.status() == first) << saved.status();
          first.Update(saved.status());
        }
        first.Update(writer.Wait());
        EXPECT_EQ(writer.status(), first);
        return first;
      },
      [&](FaultyFileSystem& fs, const absl::Status& status) {
        EXPECT_EQ(status.ok(), fs.faults() == 0) << status;
        for (const uint64_t step : store_->Steps().value_or(std::vector<uint64_t>())) {
          EXPECT_TRUE(Identical(Load(step), At(step)));
        }
        // And it can be gone on from there.
        SnapshotWriter writer(*store_, Options(), state_);
        EXPECT_TRUE(Save(writer, 32, kRequired).value());
        EXPECT_THAT(writer.Wait(), IsOk());
      });
  EXPECT_GT(faults, 80);  // seven files a snapshot, each opened, written and synced, of four snapshots
}

TEST_F(SnapshotWriterTest, BeforeCommitPreventsTheSnapshot) {
  UseFolder(gate_);
  SnapshotWriter::Options options = Options();
  options.before_commit = [] { return absl::UnavailableError("another process has begun a newer attempt"); };
  SnapshotWriter writer(*store_, options, state_);
  ASSERT_THAT(Save(writer, 8, kRequired), IsOk());
  EXPECT_THAT(writer.Wait(), StatusIs(StatusCode::kUnavailable, HasSubstr("newer attempt")));
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_THAT(durable_, IsEmpty());
}

TEST_F(SnapshotWriterTest, ExceptionsBecomeStatus) {
  UseFolder(gate_);
  SnapshotWriter::Options options = Options();
  options.before_commit = []() -> absl::Status { throw std::bad_alloc(); };
  {
    SnapshotWriter writer(*store_, options, state_);
    ASSERT_THAT(Save(writer, 8, kRequired), IsOk());
    EXPECT_THAT(writer.Wait(), StatusIs(StatusCode::kResourceExhausted, HasSubstr("saving a snapshot")));
  }
  EXPECT_THAT(Names(), IsEmpty());
  options = Options();
  options.on_durable = [](const State&) -> absl::Status { throw std::runtime_error("no luck"); };
  SnapshotWriter writer(*store_, options, state_);
  ASSERT_THAT(Save(writer, 8, kRequired), IsOk());
  EXPECT_THAT(writer.Wait(), StatusIs(StatusCode::kInternal, HasSubstr("no luck")));
  EXPECT_THAT(store_->Steps().value(), ElementsAre(8));
}

TEST_F(SnapshotWriterTest, AStateWithOtherTensorsIsRefusedAndHarmsNothing) {
  UseFolder(gate_);
  SnapshotWriter writer(*store_, Options(), state_);
  for (const uint64_t step : {8, 16}) {
    EXPECT_THAT(writer.Save(TestState(8), kRequired), StatusIs(StatusCode::kInvalidArgument, HasSubstr("model")));
    writer.FinishCopy();
    EXPECT_TRUE(Save(writer, step, kRequired).value());
  }
  EXPECT_THAT(writer.Wait(), IsOk());
  EXPECT_THAT(durable_, ElementsAre(8, 16));
}

}  // namespace
}  // namespace baton
