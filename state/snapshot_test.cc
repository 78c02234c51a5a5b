#include <filesystem>
#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "state/snapshot_fixture.h"

namespace baton {
namespace {

using absl::StatusCode;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST_F(SnapshotTest, RoundTripIsIdentical) {
  const State state = TestState(8);
  Save(state);
  ASSERT_OK_AND_ASSIGN(const State loaded, Load());
  EXPECT_THAT(Differences(state, loaded), IsEmpty());
  EXPECT_EQ(loaded.environment.SerializeAsString(), state.environment.SerializeAsString());
  EXPECT_EQ(loaded.model().layout().chunks.size(), 2) << "one with weight decay and one without";
  EXPECT_THAT(ListFolder(fs_, path_).value(),
              ElementsAre("average.safetensors", "average_buffers.safetensors", "buffers.safetensors",
                          "criterion.safetensors", "model.safetensors", "optimizer.safetensors", "pipeline.textproto",
                          "state.binpb", "tokenizer.json", "vocabulary.json"));
  EXPECT_THAT(ListFolder(fs_, parent_).value(), ElementsAre("snapshot"));
  for (const TensorGroup& group : loaded.groups) {
    const bool of_model = group.name == kAverageGroup || group.name.starts_with(kOptimizerPrefix);
    EXPECT_EQ(of_model, group.name != kModelGroup && group.tensors.shared_layout() == loaded.model().shared_layout());
  }
  std::vector<std::string> names;
  for (const TensorGroup& group : loaded.groups) names.push_back(group.name);
  EXPECT_THAT(names, ElementsAre("model", "buffers", "average", "average_buffers", "criterion", "optimizer/exp_avg",
                                 "optimizer/exp_avg_sq"));
}

TEST_F(SnapshotTest, SaysHowMuchItHasRead) {
  Save(TestState(8));
  uint64_t bytes = 0;
  ASSERT_THAT(LoadSnapshot(fs_, path_, at::kCPU, [&](uint64_t read) { bytes += read; }), IsOk());
  EXPECT_EQ(bytes, kTestStateTensorBytes + 14 + 3 + 8) << "vocabulary, tokenizer and the attachment";
}

TEST_F(SnapshotTest, StateWithoutAnythingOptional) {
  State state = TestState(8);
  state.groups.resize(1);  // the model
  state.history = History();
  state.vocabulary.clear();
  state.tokenizer.clear();
  state.attachments.clear();
  state.progress.clear_best();
  Save(state);
  ASSERT_OK_AND_ASSIGN(const State loaded, Load());
  EXPECT_THAT(Differences(state, loaded), IsEmpty());
  EXPECT_THAT(ListFolder(fs_, path_).value(), ElementsAre("model.safetensors", "state.binpb"));
}

TEST_F(SnapshotTest, AGroupWithoutTensorsHasNoFile) {
  State state = TestState(8);
  state.groups.push_back({"more", FlatTensors(FlatLayout::Create({}).value(), at::kCPU)});
  state.groups.push_back({"masks/of_a_kind", Flatten({{"mask", at::tensor({1.0F, 0.0F})}}).value()});
  Save(state);
  ASSERT_OK_AND_ASSIGN(const State loaded, Load());
  EXPECT_THAT(Differences(state, loaded), IsEmpty());
  EXPECT_EQ(loaded.groups.size(), 9);
  EXPECT_FALSE(Exists(fs_, File("more.safetensors")).value());
  EXPECT_TRUE(Exists(fs_, File("masks.safetensors")).value()) << "a new kind of group needs no other code";
}

TEST_F(SnapshotTest, WhatCouldNotBeLoadedIsNotSaved) {
  for (const char* const name :
       {"", "..", "../elsewhere", "a/b", "state.binpb", "vocabulary.json", "a.safetensors", "history-0.binpb"}) {
    State state = TestState(8);
    state.attachments[name] = "x";
    EXPECT_THAT(SaveSnapshot(fs_, state, path_), StatusIs(StatusCode::kInvalidArgument, HasSubstr(name)));
  }
  State state = TestState(8);
  state.groups[6].name = state.groups[5].name;
  EXPECT_THAT(SaveSnapshot(fs_, state, path_), StatusIs(StatusCode::kInvalidArgument, HasSubstr("exp_avg")));
  state.groups[6].name = "a/b/c";
  EXPECT_THAT(SaveSnapshot(fs_, state, path_), StatusIs(StatusCode::kInvalidArgument, HasSubstr("'a/b/c'")));
  EXPECT_THAT(ListFolder(fs_, parent_).value(), IsEmpty());
}

// The bytes of the worked examples in docs/snapshot.md, one file after the other. They were made in Python: protobuf by
// hand, model.safetensors by the safetensors package, digests by hashlib and xxhash.
std::string WorkedExamples() {
  std::ifstream document("docs/snapshot.md");
  std::string hex;
  for (std::string line; std::getline(document, line);) {
    // xxd's lines: an offset, 16 bytes, and the same as characters.
    if (absl::StartsWith(line, "00000")) hex += line.substr(10, 39);
  }
  return absl::HexStringToBytes(absl::StrReplaceAll(hex, {{" ", ""}}));
}

TEST_F(SnapshotTest, WritesTheWorkedExample) {
  const std::vector<ParameterSpec> parameters = {{.name = "w", .shape = {2}}};
  State state;
  state.groups = {{kModelGroup, FlatTensors(FlatLayout::Create(parameters).value(), at::kCPU)}};
  state.model().views()[0].copy_(at::tensor({1.5F, -2.0F}));
  state.progress.set_epoch_index(1);
  state.progress.set_train_batch_index(2);
  state.progress.set_step_index(5);
  state.environment.set_device("cpu");
  Save(state);
  const std::string written =
      ReadFile(fs_, File("state.binpb")).value() + ReadFile(fs_, File("model.safetensors")).value();
  EXPECT_EQ(written.size(), 194 + 72);
  EXPECT_EQ(absl::BytesToHexString(written), absl::BytesToHexString(WorkedExamples()));
}

TEST_F(SnapshotTest, SameStateGivesTheSameBytes) {
  ASSERT_OK_AND_ASSIGN(const SnapshotIndex first, SaveSnapshot(fs_, TestState(8), JoinPath(parent_, "a")));
  ASSERT_OK_AND_ASSIGN(const SnapshotIndex second, SaveSnapshot(fs_, TestState(8), JoinPath(parent_, "b")));
  EXPECT_EQ(first.sha256(), second.sha256());
  ASSERT_OK_AND_ASSIGN(const SnapshotIndex read, ReadSnapshotIndex(fs_, JoinPath(parent_, "a")));
  EXPECT_EQ(read.SerializeAsString(), first.SerializeAsString());
}

TEST_F(SnapshotTest, DifferencesFromAreFoundByDigest) {
  ASSERT_OK_AND_ASSIGN(const SnapshotIndex index, SaveSnapshot(fs_, TestState(8), path_));
  const auto differences = [&](const std::function<void(State&)>& change) {
    State state = TestState(8);
    change(state);
    EXPECT_EQ(Identical(state, TestState(8)), DifferencesFrom(index, state).empty());
    return DifferencesFrom(index, state);
  };
  EXPECT_THAT(differences([](State& s) { s.environment.Clear(); }), IsEmpty());
  for (size_t i = 0; i < TestState(8).groups.size(); ++i) {
    const std::string name = TestState(8).groups[i].name;
    EXPECT_THAT(differences([i](State& s) { s.groups[i].tensors.views()[0].flatten()[0].add_(1); }),
                ElementsAre(AllOf(StartsWith(name + " "), EndsWith(" has other values"))));
    EXPECT_THAT(differences([&](State& s) { RemoveGroup(s, name); }), Each(EndsWith(" is only there")));
  }
  EXPECT_THAT(differences([](State& s) {
                s.groups.push_back({"more", s.groups[4].tensors});
              }),
              ElementsAre("more class_weights is not in the snapshot"));
  EXPECT_THAT(differences([](State& s) {
                s.groups[4].tensors = Flatten({{"class_weights", at::tensor({1.0F})}}).value();
              }),
              ElementsAre("criterion class_weights has the shape [2] there and [1] here"));
  EXPECT_THAT(differences([](State& s) { s.progress.set_examples(1); }), ElementsAre("progress.examples: 314 -> 1"));
  EXPECT_THAT(differences([](State& s) { s.history.Add(Measurement()); }), ElementsAre("history[1]: absent -> {}"));
  EXPECT_THAT(differences([](State& s) { s.vocabulary += " "; }), ElementsAre("vocabulary.json has other bytes"));
  EXPECT_THAT(differences([](State& s) { s.tokenizer.clear(); }), ElementsAre("tokenizer.json is only there"));
  EXPECT_THAT(differences([](State& s) { s.attachments["more"]; }), ElementsAre("more is not in the snapshot"));
}

TEST_F(SnapshotTest, DoesNotOverwrite) {
  Save(TestState(8));
  EXPECT_THAT(SaveSnapshot(fs_, TestState(9), path_), StatusIs(StatusCode::kAlreadyExists, HasSubstr(path_)));
  ASSERT_OK_AND_ASSIGN(const State loaded, Load());
  EXPECT_TRUE(Identical(loaded, TestState(8)));
  EXPECT_THAT(ListFolder(fs_, parent_).value(), ElementsAre("snapshot"));
}

TEST_F(SnapshotTest, AppearsWholeOrNotAtAllWhateverFails) {
  const auto faults = [&](std::set<FileOperation> operations, Fault::Effect effect) {
    return ForEachFault(
        {.operations = std::move(operations), .error = ENOSPC, .effect = effect},
        [&] { ASSERT_THAT(RemoveTree(fs_, path_), IsOk()); },
        [&](FileSystem& fs) { return SaveSnapshot(fs, TestState(8), path_).status(); },
        [&](FaultyFileSystem&, const absl::Status& status) {
          const absl::StatusOr<State> loaded = Load();
          // After an error it is there only where the last fsync failed, of the folder above, after the rename.
          EXPECT_TRUE(loaded.ok() || (absl::IsNotFound(loaded.status()) && !status.ok())) << loaded.status();
          EXPECT_TRUE(!loaded.ok() || Identical(*loaded, TestState(8)));
          EXPECT_THAT(ListFolder(fs_, parent_).value(), Each("snapshot"));
        });
  };
  // Nine files, each opened, written and synced, and the folder.
  EXPECT_GE(faults({FileOperation::kOpen, FileOperation::kSync, FileOperation::kRename, FileOperation::kRenameExclusive,
                    FileOperation::kMakeDirectory},
                   Fault::Effect::kRefused),
            18);
  EXPECT_GE(faults({FileOperation::kWrite}, Fault::Effect::kRefused), 8);
  EXPECT_GE(faults({FileOperation::kWrite}, Fault::Effect::kTorn), 8);
}

}  // namespace
}  // namespace baton
