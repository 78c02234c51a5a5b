// inspect list and inspect verify.

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "state/inspect.pb.h"
#include "state/inspect_fixture.h"

namespace baton {
namespace {

using absl::StatusCode;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class InspectListTest : public InspectSnapshotsTest {
 protected:
  // At the end of the first epoch, of which `best` is the best step so far.
  static State AtEpochsEnd(uint64_t step, uint64_t best) {
    State state = TestState(step);
    state.progress.set_train_batch_index(0);
    EditMeasurement(state, 0, [step](Measurement& measurement) { measurement.set_step_index(step); });
    state.progress.mutable_best()->set_step_index(best);
    return state;
  }
  SnapshotList List(const std::string& path, bool fast = false) {
    EXPECT_THAT(Inspect({"list", path}, {.format = "json", .fast = fast}), IsOk());
    SnapshotList list;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(answer_.text, &list).ok()) << answer_.text;
    return list;
  }
};

TEST_F(InspectListTest, SaysWhatEachIs) {
  const std::string first = Save("aaaa", AtEpochsEnd(8, 8));
  State middle = TestState(12);
  middle.progress.mutable_best()->set_step_index(8);
  const std::string second = Save("aaaa", middle);
  Save("bbbb", AtEpochsEnd(4, 4));
  const SnapshotList list = List(".");
  EXPECT_TRUE(list.all_bytes_verified());
  ASSERT_EQ(list.snapshots_size(), 3);
  const ListedSnapshot& a = list.snapshots(0);
  EXPECT_EQ(a.path(), first);
  EXPECT_EQ(a.train_key(), "aaaa");
  EXPECT_EQ(a.status(), ListedSnapshot::VALID);
  EXPECT_EQ(a.step_index(), 8);
  EXPECT_EQ(a.epoch_index(), 1);
  EXPECT_EQ(a.train_batch_index(), 0);
  EXPECT_EQ(a.validation_loss(), 0.5);
  EXPECT_EQ(a.validation_metrics().at("accuracy"), 0.875);
  EXPECT_TRUE(a.best());
  EXPECT_GT(a.written().seconds(), 1'600'000'000);
  const ListedSnapshot& b = list.snapshots(1);
  EXPECT_EQ(b.path(), second);
  EXPECT_EQ(b.train_batch_index(), 2);
  EXPECT_FALSE(b.has_validation_loss()) << "nothing was measured there";
  EXPECT_FALSE(b.best());
  EXPECT_EQ(list.snapshots(2).train_key(), "bbbb");
  EXPECT_TRUE(list.snapshots(2).best()) << "of its own key";
  EXPECT_EQ(List("train/aaaa").snapshots_size(), 2);
  EXPECT_EQ(List(second).snapshots_size(), 1);
}

TEST_F(InspectListTest, AsText) {
  const std::string path = Save("aaaa", AtEpochsEnd(8, 8));
  ASSERT_THAT(Inspect({"list", "."}), IsOk());
  EXPECT_THAT(answer_.text,
              testing::MatchesRegex(absl::StrCat(JoinPath(run_dir_, "train/aaaa"), "\n  step  epoch  batch  ",
                                                 "validation loss  size .*  age .*  best  state\n",
                                                 "  8     1      0      0.5              .* KiB  .*  best  valid\n")));
}

TEST_F(InspectListTest, DamageDoesNotEndTheList) {
  const std::string first = Save("aaaa", AtEpochsEnd(8, 8));
  const std::string second = Save("aaaa", AtEpochsEnd(16, 8));
  const std::string third = Save("aaaa", AtEpochsEnd(24, 16));
  const std::string fourth = Save("aaaa", AtEpochsEnd(32, 24));
  Damage(JoinPath(second, "model.safetensors"));
  Damage(JoinPath(third, "state.binpb"));
  ASSERT_OK_AND_ASSIGN(const std::string aside, SetAside(fs_, fourth));
  const SnapshotList list = List(".");
  ASSERT_EQ(list.snapshots_size(), 4);
  EXPECT_EQ(list.snapshots(0).status(), ListedSnapshot::VALID);
  EXPECT_TRUE(list.snapshots(0).best()) << "as the newest intact one says, which is itself";
  EXPECT_EQ(list.snapshots(1).status(), ListedSnapshot::DAMAGED);
  ASSERT_EQ(list.snapshots(1).damages_size(), 1);
  EXPECT_EQ(list.snapshots(1).damages(0).tensor(), "layers.0.weight");
  EXPECT_EQ(list.snapshots(2).status(), ListedSnapshot::DAMAGED);
  EXPECT_FALSE(list.snapshots(2).has_epoch_index());
  EXPECT_EQ(list.snapshots(2).damages(0).file(), "state.binpb");
  EXPECT_EQ(list.snapshots(3).status(), ListedSnapshot::SET_ASIDE);
  EXPECT_EQ(list.snapshots(3).path(), aside);

  const SnapshotList fast = List(".", /*fast=*/true);
  EXPECT_FALSE(fast.all_bytes_verified());
  EXPECT_EQ(fast.snapshots(1).status(), ListedSnapshot::VALID) << "only its index is";
  EXPECT_EQ(fast.snapshots(2).status(), ListedSnapshot::DAMAGED);

  ASSERT_THAT(Inspect({"list", "."}, {.fast = true}), IsOk());
  EXPECT_THAT(answer_.text, HasSubstr("DAMAGED: state.binpb"));
  EXPECT_THAT(answer_.text, HasSubstr("set aside as step-000000000032.damaged\n"));
  EXPECT_THAT(answer_.text, testing::EndsWith("--fast: the index of each was verified, and no other file\n"));
}

TEST_F(InspectListTest, VerifiesAll) {
  Save("aaaa", AtEpochsEnd(8, 8));
  Save("bbbb", AtEpochsEnd(16, 8));
  ASSERT_THAT(Inspect({"verify", "."}), IsOk());
  EXPECT_THAT(answer_.text, ContainsRegex("^OK: 2 snapshots verify, .* KiB read\n$"));
  ASSERT_THAT(Inspect({"verify", "."}, {.format = "json"}), IsOk());
  EXPECT_THAT(answer_.text, HasSubstr("\"ok\": true"));
}

TEST_F(InspectListTest, VerifyNamesAllDamage) {
  const std::string intact = Save("aaaa", AtEpochsEnd(8, 8));
  const std::string damaged = Save("aaaa", AtEpochsEnd(16, 8));
  ASSERT_OK_AND_ASSIGN(const std::string aside, SetAside(fs_, Save("aaaa", AtEpochsEnd(24, 8))));
  Damage(JoinPath(damaged, "model.safetensors"));
  Damage(JoinPath(damaged, "optimizer.safetensors"));
  EXPECT_THAT(Inspect({"verify", "."}), StatusIs(StatusCode::kDataLoss, HasSubstr("not all snapshots")));
  EXPECT_THAT(answer_.text,
              HasSubstr(absl::StrCat("damaged  ", damaged, "/model.safetensors  tensor 'layers.0.weight'  its bytes")));
  EXPECT_THAT(answer_.text, HasSubstr("tensor 'exp_avg_sq/layers.0.weight'"));
  EXPECT_THAT(answer_.text, HasSubstr(absl::StrCat("set aside  ", aside, "\n")));
  EXPECT_THAT(answer_.text, HasSubstr("NOT OK: 1 snapshot verifies, "));

  EXPECT_THAT(Inspect({"verify", "."}, {.format = "json"}), StatusIs(StatusCode::kDataLoss, testing::_));
  SnapshotVerification verification;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(answer_.text, &verification).ok());
  EXPECT_FALSE(verification.ok());
  EXPECT_EQ(verification.verified(), 1);
  EXPECT_EQ(verification.damages_size(), 2);
  EXPECT_EQ(verification.set_aside(0), aside);
  EXPECT_THAT(Inspect({"verify", intact}), IsOk());
}

// Removes a snapshot, as training does, before the n-th file is opened.
class RemovingFileSystem : public Unsynced {
 public:
  RemovingFileSystem(std::string path, int at) : path_(std::move(path)), left_(at) {}
  int Open(const std::string& path, int flags, mode_t mode) override {
    if (--left_ == 0) {
      const std::string aside = JoinPath(ParentFolder(path_), ".tmp-removed-step");
      EXPECT_EQ(Unsynced::Rename(path_, aside), 0);
      EXPECT_THAT(RemoveTree(Unsynced::Get(), aside), IsOk());
    }
    return Unsynced::Open(path, flags, mode);
  }
  bool removed() const { return left_ <= 0; }

 private:
  const std::string path_;
  int left_;
};

TEST_F(InspectListTest, WhatTrainingRemovesMeanwhileIsNotDamaged) {
  int rounds = 0;
  for (bool removed = true; removed; ++rounds) {
    ASSERT_LT(rounds, 1000);
    ASSERT_THAT(RemoveTree(fs_, JoinPath(run_dir_, "train")), IsOk());
    const std::string going = Save("aaaa", AtEpochsEnd(8, 8));
    Save("aaaa", AtEpochsEnd(16, 16));
    for (const char* const command : {"list", "verify", "show"}) {
      if (!Exists(fs_, going).value()) Save("aaaa", AtEpochsEnd(8, 8));
      RemovingFileSystem removing(going, rounds + 1);
      InspectSnapshotOptions options = {.arguments = {command, "."}, .working_folder = run_dir_};
      InspectSnapshotAnswer answer;
      EXPECT_THAT(InspectSnapshots(removing, ReadingCommands(), options, answer), IsOk()) << command << rounds;
      EXPECT_THAT(answer.text, Not(testing::ContainsRegex("DAMAGED|damaged|unreadable"))) << command << rounds;
      if (std::string(command) == "verify") removed = removing.removed();
    }
  }
  EXPECT_GT(rounds, 10);
}

TEST_F(InspectListTest, ATimeInTheFutureIsNoNegativeAge) {
  const std::string path = Save("aaaa", AtEpochsEnd(8, 8));
  const struct timespec times[2] = {{4'000'000'000, 0}, {4'000'000'000, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, JoinPath(path, "state.binpb").c_str(), times, 0), 0);
  ASSERT_THAT(Inspect({"list", "."}), IsOk());
  EXPECT_THAT(answer_.text, HasSubstr("in the future"));
}

TEST_F(InspectListTest, AFoldersNameSteersNoTerminal) {
  const std::string path = Save("aaaa\nOK: 9\x1b[2J", TestState(8));
  ASSERT_THAT(Inspect({"list", "."}), IsOk());
  EXPECT_THAT(answer_.text, HasSubstr("OK: 9\\x1b[2J"));
  EXPECT_THAT(answer_.text, Not(HasSubstr("\x1b")));
  ASSERT_THAT(Inspect({"show", path}), IsOk());
  EXPECT_THAT(answer_.text, AllOf(HasSubstr("aaaa\\x0aOK: 9\\x1b[2J"), Not(HasSubstr("\x1b"))));
  ASSERT_THAT(Inspect({"diff", path, path}), IsOk());
  EXPECT_THAT(answer_.text, AllOf(HasSubstr("aaaa\\x0aOK: 9\\x1b[2J"), Not(HasSubstr("\x1b"))));
  Damage(JoinPath(path, "model.safetensors"));
  EXPECT_THAT(Inspect({"verify", "."}), StatusIs(StatusCode::kDataLoss, testing::_));
  EXPECT_THAT(answer_.text, HasSubstr("aaaa\\x0aOK: 9\\x1b[2J"));
}

}  // namespace
}  // namespace baton
