#include <filesystem>

#include "state/snapshot_fixture.h"

namespace baton {
namespace {

using absl::StatusCode;
using ::testing::_;
using ::testing::AllOf;
using ::testing::HasSubstr;

using SnapshotDamageTest = SnapshotTest;

TEST_F(SnapshotDamageTest, AnyFlippedByteIsFound) {
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

TEST_F(SnapshotDamageTest, DamageNamesTheTensor) {
  Save(TestState(8));
  ASSERT_OK_AND_ASSIGN(std::string bytes, ReadFile(fs_, File("model.safetensors")));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);  // layers.0.weight comes last by name
  Overwrite(File("model.safetensors"), bytes);
  EXPECT_THAT(Load(), StatusIs(StatusCode::kDataLoss,
                               AllOf(HasSubstr("model.safetensors"), HasSubstr("tensor 'layers.0.weight'"))));
}

TEST_F(SnapshotDamageTest, EveryFileIsNeeded) {
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

TEST_F(SnapshotDamageTest, FilesOfAnotherSnapshotAreNotTaken) {
  Save(TestState(8));
  ASSERT_THAT(SaveSnapshot(fs_, TestState(9), JoinPath(parent_, "other")), IsOk());
  std::filesystem::copy_file(JoinPath(parent_, "other/model.safetensors"), File("model.safetensors"),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(Load(), StatusIs(StatusCode::kDataLoss, HasSubstr("model.safetensors")));
}

// An index that makes sense and whose digests are right, but whose parameters are not those of the file.
TEST_F(SnapshotDamageTest, ShapesAndNamesMustFit) {
  Save(TestState(8));
  ASSERT_OK_AND_ASSIGN(const SnapshotIndex index, ReadSnapshotIndex(fs_, path_));
  SnapshotIndex other = index;
  for (GroupRecord& group : *other.mutable_groups()) {
    if (group.tensors_size() != 2) continue;  // of the model's layout
    group.mutable_tensors(0)->set_shape(0, 3);
    group.mutable_tensors(0)->set_shape(1, 2);
  }
  WriteIndex(other);
  EXPECT_THAT(Load(), StatusIs(StatusCode::kDataLoss,
                               HasSubstr("tensor 'layers.0.weight' as F32 [2, 3], expected F32 [3, 2]")));
  other = index;
  for (GroupRecord& group : *other.mutable_groups()) {
    if (group.tensors_size() == 2) group.mutable_tensors(1)->set_name("layers.1.bias");
  }
  WriteIndex(other);
  EXPECT_THAT(Load(), StatusIs(StatusCode::kDataLoss, HasSubstr("unknown tensor 'layers.0.bias'")));
  other = index;
  other.mutable_groups(0)->clear_tensors();
  WriteIndex(other);
  EXPECT_THAT(Load(), StatusIs(StatusCode::kDataLoss, HasSubstr("state.binpb")));
}

TEST_F(SnapshotDamageTest, RefusesANewerFormat) {
  Save(TestState(8));
  ASSERT_OK_AND_ASSIGN(SnapshotIndex index, ReadSnapshotIndex(fs_, path_));
  index.set_format_version(2);
  WriteIndex(index);
  EXPECT_THAT(Load(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("format version 2")));
  index.clear_format_version();
  WriteIndex(index);
  EXPECT_THAT(Load(), IsOk()) << "not one that is unequal";
}

TEST_F(SnapshotDamageTest, ReadErrorsAreNotTakenForDamage) {
  Save(TestState(8));
  const int faults = ForEachFault(
      {.operations = {FileOperation::kOpen, FileOperation::kReadAt}, .error = EIO}, [] {},
      [&](FileSystem& fs) { return LoadSnapshot(fs, path_, at::kCPU).status(); },
      [](FaultyFileSystem&, const absl::Status& status) {
        if (status.ok()) return;
        EXPECT_FALSE(absl::IsDataLoss(status) || absl::IsNotFound(status)) << status;
        EXPECT_THAT(std::string(status.message()), HasSubstr("Input/output error"));
      });
  EXPECT_GE(faults, 16);
}

}  // namespace
}  // namespace baton
