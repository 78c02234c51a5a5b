#include "state/snapshot.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "base/faulty_file_system.h"
#include "base/files.h"
#include "base/seal.h"
#include "base/status_matchers.h"
#include "state/test_state.h"

namespace baton {
namespace {

using absl::StatusCode;
using ::testing::_;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SnapshotTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = JoinPath(testing::TempDir(), "XXXXXX");
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    parent_ = name;
    path_ = JoinPath(parent_, "snapshot");
  }
  void TearDown() override { EXPECT_THAT(RemoveTree(fs_, parent_), IsOk()); }

  void Save(const State& state) { ASSERT_THAT(SaveSnapshot(fs_, state, path_), IsOk()); }
  absl::StatusOr<State> Load() { return LoadSnapshot(fs_, path_, at::kCPU); }
  std::string File(absl::string_view name) const { return JoinPath(path_, name); }
  // Behind the library's back.
  static void Overwrite(const std::string& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  }
  void WriteIndex(SnapshotIndex index) { Overwrite(File("state.binpb"), Seal(index)); }

  FileSystem& fs_ = Unsynced::Get();
  std::string parent_;
  std::string path_;
};

TEST_F(SnapshotTest, RoundTripIsIdentical) {
  const State state = TestState(8);
  Save(state);
  ASSERT_OK_AND_ASSIGN(const State loaded, Load());
  EXPECT_THAT(Differences(state, loaded), IsEmpty());
  EXPECT_EQ(loaded.environment.SerializeAsString(), state.environment.SerializeAsString());
  EXPECT_EQ(loaded.model.layout().chunks.size(), 2) << "one with weight decay and one without";
  EXPECT_THAT(ListFolder(fs_, path_).value(),
              ElementsAre("criterion.safetensors", "model.safetensors", "optimizer.safetensors", "pipeline.textproto",
                          "state.binpb", "tokenizer.json", "vocabulary.json"));
  EXPECT_THAT(ListFolder(fs_, parent_).value(), ElementsAre("snapshot"));
}

TEST_F(SnapshotTest, StateWithoutAnythingOptional) {
  State state = TestState(8);
  state.criterion.clear();
  state.optimizer.clear();
  state.vocabulary.clear();
  state.tokenizer.clear();
  state.attachments.clear();
  state.progress.clear_best();
  Save(state);
  ASSERT_OK_AND_ASSIGN(const State loaded, Load());
  EXPECT_THAT(Differences(state, loaded), IsEmpty());
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
  state.model = FlatTensors(std::make_shared<const FlatLayout>(parameters), at::kCPU);
  state.model.views()[0].copy_(at::tensor({1.5F, -2.0F}));
  state.progress.set_epoch_index(1);
  state.progress.set_train_batch_index(2);
  state.progress.set_step_index(5);
  state.environment.set_device("cpu");
  Save(state);
  const std::string written =
      ReadFile(fs_, File("state.binpb")).value() + ReadFile(fs_, File("model.safetensors")).value();
  EXPECT_EQ(written.size(), 331 + 72);
  EXPECT_EQ(absl::BytesToHexString(written), absl::BytesToHexString(WorkedExamples()));
}

TEST_F(SnapshotTest, SameStateGivesTheSameBytes) {
  ASSERT_OK_AND_ASSIGN(const SnapshotIndex first, SaveSnapshot(fs_, TestState(8), JoinPath(parent_, "a")));
  ASSERT_OK_AND_ASSIGN(const SnapshotIndex second, SaveSnapshot(fs_, TestState(8), JoinPath(parent_, "b")));
  EXPECT_EQ(first.sha256(), second.sha256());
  ASSERT_OK_AND_ASSIGN(const SnapshotIndex read, ReadSnapshotIndex(fs_, JoinPath(parent_, "a")));
  EXPECT_EQ(read.SerializeAsString(), first.SerializeAsString());
}

TEST_F(SnapshotTest, DoesNotOverwrite) {
  Save(TestState(8));
  EXPECT_THAT(SaveSnapshot(fs_, TestState(9), path_), StatusIs(StatusCode::kAlreadyExists, HasSubstr(path_)));
  ASSERT_OK_AND_ASSIGN(const State loaded, Load());
  EXPECT_TRUE(Identical(loaded, TestState(8)));
  EXPECT_THAT(ListFolder(fs_, parent_).value(), ElementsAre("snapshot"));
}

TEST_F(SnapshotTest, AnyFlippedByteIsFound) {
  Save(TestState(8));
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> names, ListFolder(fs_, path_));
  for (const std::string& name : names) {
    ASSERT_OK_AND_ASSIGN(const std::string bytes, ReadFile(fs_, File(name)));
    for (size_t i = 0; i < bytes.size(); ++i) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
      Overwrite(File(name), damaged);
      ASSERT_THAT(Load(), StatusIs(StatusCode::kDataLoss, HasSubstr(name))) << name << ", byte " << i;
    }
    Overwrite(File(name), bytes.substr(0, bytes.size() - 1));
    EXPECT_THAT(Load(), StatusIs(StatusCode::kDataLoss, HasSubstr(name))) << name << ", cut";
    Overwrite(File(name), bytes + '\0');
    EXPECT_THAT(Load(), StatusIs(StatusCode::kDataLoss, HasSubstr(name))) << name << ", longer";
    Overwrite(File(name), "");
    EXPECT_THAT(Load(), StatusIs(StatusCode::kDataLoss, HasSubstr(name))) << name << ", empty";
    Overwrite(File(name), bytes);
  }
  EXPECT_THAT(Load(), IsOk());
}

TEST_F(SnapshotTest, DamageNamesTheTensor) {
  Save(TestState(8));
  ASSERT_OK_AND_ASSIGN(std::string bytes, ReadFile(fs_, File("model.safetensors")));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);  // layers.0.weight comes last by name
  Overwrite(File("model.safetensors"), bytes);
  EXPECT_THAT(Load(), StatusIs(StatusCode::kDataLoss,
                               AllOf(HasSubstr("model.safetensors"), HasSubstr("tensor 'layers.0.weight'"))));
}

TEST_F(SnapshotTest, EveryFileIsNeeded) {
  Save(TestState(8));
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> names, ListFolder(fs_, path_));
  for (const std::string& name : names) {
    std::filesystem::rename(File(name), JoinPath(parent_, name));
    EXPECT_THAT(Load(), StatusIs(StatusCode::kNotFound, HasSubstr(name)));
    std::filesystem::rename(JoinPath(parent_, name), File(name));
  }
  EXPECT_THAT(Load(), IsOk());
  EXPECT_THAT(LoadSnapshot(fs_, JoinPath(parent_, "none"), at::kCPU), StatusIs(StatusCode::kNotFound, _));
}

TEST_F(SnapshotTest, FilesOfAnotherSnapshotAreNotTaken) {
  Save(TestState(8));
  ASSERT_THAT(SaveSnapshot(fs_, TestState(9), JoinPath(parent_, "other")), IsOk());
  std::filesystem::copy_file(JoinPath(parent_, "other/model.safetensors"), File("model.safetensors"),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(Load(), StatusIs(StatusCode::kDataLoss, HasSubstr("model.safetensors")));
}

// An index whose digests are right but whose parameters are not those of the file: shapes are checked by themselves.
TEST_F(SnapshotTest, ShapesAndNamesMustFit) {
  Save(TestState(8));
  ASSERT_OK_AND_ASSIGN(const SnapshotIndex index, ReadSnapshotIndex(fs_, path_));
  SnapshotIndex other = index;
  other.mutable_parameters(0)->set_shape(0, 3);
  other.mutable_parameters(0)->set_shape(1, 2);
  WriteIndex(other);
  EXPECT_THAT(Load(), StatusIs(StatusCode::kDataLoss,
                               HasSubstr("tensor 'layers.0.weight' as F32 [2, 3], expected F32 [3, 2]")));
  other = index;
  other.mutable_parameters(1)->set_name("layers.1.bias");
  WriteIndex(other);
  EXPECT_THAT(Load(), StatusIs(StatusCode::kDataLoss, HasSubstr("unknown tensor 'layers.0.bias'")));
  other = index;
  other.add_parameters()->set_name("more");
  WriteIndex(other);
  EXPECT_THAT(Load(), StatusIs(StatusCode::kDataLoss, HasSubstr("holds 2 tensors, expected 3")));
  other = index;
  other.mutable_optimizer_slots()->RemoveLast();
  WriteIndex(other);
  EXPECT_THAT(Load(), StatusIs(StatusCode::kDataLoss, HasSubstr("optimizer.safetensors")));
}

TEST_F(SnapshotTest, RefusesAnotherFormat) {
  Save(TestState(8));
  ASSERT_OK_AND_ASSIGN(SnapshotIndex index, ReadSnapshotIndex(fs_, path_));
  index.set_format_version(2);
  WriteIndex(index);
  EXPECT_THAT(Load(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("format version 2")));
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
  // Seven files, each opened, written and synced, and the folder.
  EXPECT_GE(faults({FileOperation::kOpen, FileOperation::kSync, FileOperation::kRename, FileOperation::kRenameExclusive,
                    FileOperation::kMakeDirectory},
                   Fault::Effect::kRefused),
            16);
  EXPECT_GE(faults({FileOperation::kWrite}, Fault::Effect::kRefused), 7);
  EXPECT_GE(faults({FileOperation::kWrite}, Fault::Effect::kTorn), 7);
}

TEST_F(SnapshotTest, ReadErrorsAreNotTakenForDamage) {
  Save(TestState(8));
  const int faults = ForEachFault(
      {.operations = {FileOperation::kOpen, FileOperation::kReadAt}, .error = EIO}, [] {},
      [&](FileSystem& fs) { return LoadSnapshot(fs, path_, at::kCPU).status(); },
      [](FaultyFileSystem&, const absl::Status& status) {
        if (status.ok()) return;
        EXPECT_FALSE(absl::IsDataLoss(status) || absl::IsNotFound(status)) << status;
        EXPECT_THAT(std::string(status.message()), HasSubstr("Input/output error"));
      });
  EXPECT_GE(faults, 14);
}

}  // namespace
}  // namespace baton
