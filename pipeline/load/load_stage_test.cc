#include "pipeline/load/load_stage.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/digest.h"
#include "base/lock.h"
#include "data/dataset.h"
#include "pipeline/load/load_fixture.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

using LoadStageTest = LoadFixture;

TEST_F(LoadStageTest, MakesADatasetAndRecordsIt) {
  ASSERT_THAT(Load(), IsOk());
  const Metadata record = Record();
  EXPECT_EQ(record.run().name(), "points");
  const LoadSection& load = record.load();
  EXPECT_EQ(load.stage().status(), StageRun::COMPLETE);
  ASSERT_EQ(load.stage().attempts_size(), 1);
  EXPECT_EQ(load.stage().attempts(0).libraries().count("arrow"), 1);
  EXPECT_EQ(load.raw_file_size(), Points().size());
  EXPECT_EQ(load.raw_file_format(), "csv");
  EXPECT_EQ(load.raw_filepath(), Raw());
  EXPECT_EQ(load.raw_file_sha256(), Sha256Hex(Points()));
  EXPECT_FALSE(load.has_raw_dvc_metadata());
  EXPECT_EQ(load.rows(), 40);
  EXPECT_THAT(load.class_labels(), ElementsAre("far", "near"));
  ASSERT_EQ(load.splits_size(), 3);
  EXPECT_EQ(load.splits(0).name(), "train");
  EXPECT_THAT(load.splits(0).class_counts(), ElementsAre(12, 8));
  EXPECT_THAT(load.splits(1).class_counts(), ElementsAre(6, 4));
  EXPECT_EQ(load.splits(2).name(), "holdout");
  EXPECT_EQ(load.splits(2).rows(), 10);
  ASSERT_EQ(load.schema_size(), 4);
  EXPECT_EQ(load.schema(0).ShortDebugString(), "name: \"x\" role: \"feature\" kind: \"number\"");
  EXPECT_EQ(load.schema(2).ShortDebugString(), "name: \"kind\" role: \"target\" kind: \"label\"");
  EXPECT_EQ(load.schema(3).ShortDebugString(), "name: \"id\" role: \"ignored\"");

  ASSERT_OK_AND_ASSIGN(const Dataset index, VerifyDataset(fs_, OutputFolder()));
  EXPECT_EQ(load.dataset_version(), absl::StrCat("sha256:", index.sha256()));
  EXPECT_THAT(ReadSplit(fs_, OutputFolder(), index, "train"), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string vocabulary, ReadNamedFile(fs_, OutputFolder(), index, kVocabularyFile));
  EXPECT_EQ(vocabulary, "[\"far\",\"near\"]\n");
  ASSERT_OK_AND_ASSIGN(const std::string card, ReadNamedFile(fs_, OutputFolder(), index, kDataCardFile));
  EXPECT_THAT(card, HasSubstr(Sha256Hex(Points())));

  ASSERT_OK_AND_ASSIGN(const auto files, ListFolder(fs_, OutputFolder()));
  EXPECT_EQ(load.outputs_size(), files.size());
  for (const Artifact& output : load.outputs()) {
    EXPECT_THAT(output.path(), StartsWith(absl::StrCat("load/", load.stage().key(), "/")));
    const std::string contents = *ReadFile(fs_, JoinPath(run_.path(), output.path()));
    EXPECT_EQ(output.size_bytes(), contents.size());
    EXPECT_EQ(output.sha256(), Sha256Hex(contents));
  }
}

TEST_F(LoadStageTest, ARegressionHasNoVocabulary) {
  ASSERT_THAT(
      Load({"load.table.target_column=y", "load.table.task=REGRESSION", "load.table.ignored_columns=[\"id\", \"kind\"]",
            "train.model.linear={}", "train.criterion.mean_squared_error={}"}),
      IsOk());
  const LoadSection load = Record().load();
  EXPECT_THAT(load.class_labels(), IsEmpty());
  EXPECT_EQ(load.schema(1).kind(), "number");
  ASSERT_OK_AND_ASSIGN(const auto files, ListFolder(fs_, OutputFolder()));
  EXPECT_THAT(files, ElementsAre("data_card.md", "dataset.binpb", "holdout.safetensors", "train.safetensors",
                                 "validation.safetensors"));
}

TEST_F(LoadStageTest, TheSameAgainIsSkipped) {
  ASSERT_THAT(Load(), IsOk());
  const uint64_t generation = Record().generation();
  ASSERT_THAT(Load(), IsOk());
  // The file is another, its content the same.
  Put("points.csv", Points());
  ASSERT_THAT(Load(), IsOk());
  EXPECT_EQ(Record().generation(), generation);
}

TEST_F(LoadStageTest, OtherDataGetsAKeyOfItsOwnAndTheOldStays) {
  ASSERT_THAT(Load(), IsOk());
  const std::string first = OutputFolder();
  Put("points.csv", absl::StrReplaceAll(Points(), {{"39.5", "39.6"}}));
  ASSERT_THAT(Load(), IsOk());
  EXPECT_NE(OutputFolder(), first);
  EXPECT_THAT(Keys(), SizeIs(2));
  EXPECT_THAT(VerifyDataset(fs_, first), IsOk());
  ASSERT_THAT(Load({"seed=6"}), IsOk());
  EXPECT_THAT(Keys(), SizeIs(3));
}

TEST_F(LoadStageTest, ADatasetOfBeforeIsUsedAgain) {
  ASSERT_THAT(Load(), IsOk());
  const LoadSection first = Record().load();
  ASSERT_THAT(Load({"seed=6"}), IsOk());
  FaultyFileSystem watched(fs_);
  ASSERT_THAT(Load({}, &watched), IsOk());
  LoadSection again = Record().load();
  EXPECT_EQ(again.stage().status(), StageRun::COMPLETE);
  EXPECT_EQ(again.dataset_version(), first.dataset_version());
  EXPECT_EQ(again.outputs_size(), first.outputs_size());
  for (const FaultyFileSystem::Call& call : watched.calls()) {
    if (call.operation != FileOperation::kWrite) continue;
    EXPECT_THAT(call.path, testing::Not(HasSubstr("/load/")));
  }
}

TEST_F(LoadStageTest, ALostOrDamagedDatasetIsMadeAgain) {
  ASSERT_THAT(Load(), IsOk());
  const std::string folder = OutputFolder();
  const std::string version = Record().load().dataset_version();
  const std::string train = JoinPath(folder, "train.safetensors");
  const std::string contents = *ReadFile(fs_, train);

  ASSERT_THAT(RemoveTree(fs_, train), IsOk());
  ASSERT_THAT(Load(), IsOk());
  EXPECT_EQ(*ReadFile(fs_, train), contents);
  EXPECT_THAT(Keys(), SizeIs(2)) << "the damaged one is set aside";

  std::string flipped = contents;
  flipped.back() ^= 1;
  ASSERT_THAT(ReplaceFile(fs_, train, flipped), IsOk());
  ASSERT_THAT(Load(), IsOk());
  EXPECT_EQ(*ReadFile(fs_, train), contents);
  EXPECT_EQ(Record().load().dataset_version(), version);
  EXPECT_THAT(VerifyDataset(fs_, folder), IsOk());

  ASSERT_THAT(RemoveTree(fs_, run_.StageFolder(kLoadStage)), IsOk());
  ASSERT_THAT(Load(), IsOk());
  EXPECT_THAT(VerifyDataset(fs_, folder), IsOk());
}

TEST_F(LoadStageTest, BadDataIsRecordedAsAFailureAndMendedByMendingIt) {
  Put("points.csv", absl::StrReplaceAll(Points(), {{"7.5", "seven"}}));
  const absl::Status bad = Load();
  EXPECT_THAT(bad, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("points.csv:9: column \"x\": found \"seven\"")));
  EXPECT_EQ(Record().load().stage().status(), StageRun::FAILED);
  EXPECT_EQ(Record().load().stage().error(), bad.message());
  EXPECT_THAT(Keys(), IsEmpty());
  Put("points.csv", Points());
  ASSERT_THAT(Load(), IsOk());
  EXPECT_EQ(Record().load().stage().status(), StageRun::COMPLETE);
  EXPECT_FALSE(Record().load().stage().has_error());
}

TEST_F(LoadStageTest, WhatCannotBeUsedIsRefusedBeforeAnythingIsWritten) {
  EXPECT_THAT(Load({"load.raw_filepath=none.csv"}),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("load.raw_filepath"), HasSubstr("none.csv"))));
  EXPECT_THAT(Load({"load.raw_filepath=config.textproto"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("raw_file_format")));
  EXPECT_THAT(Load({"load.split.holdout_fraction=2"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("load.split.holdout_fraction")));
  EXPECT_THAT(Load({"load.table.target_column=kin"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("did you mean \"kind\"?")));
  EXPECT_EQ(Record().generation(), 0);
  EXPECT_THAT(Exists(fs_, run_.ConfigFile()), IsOk());
  EXPECT_FALSE(*Exists(fs_, run_.ConfigFile()));
}

TEST_F(LoadStageTest, ALockedRunDirectoryIsLeftAlone) {
  ASSERT_THAT(MakeFolders(fs_, run_.LockFolder()), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto lock, FileLock::Acquire(run_.LockFile(kLoadStage), FileLock::Mode::kShared));
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("load.lock")));
  EXPECT_EQ(Record().generation(), 0);
}

TEST_F(LoadStageTest, WhatDvcTracksIsCheckedAndRecorded) {
  Digester md5(DigestKind::kMd5);
  md5.Update(Points());
  const std::string dvc =
      absl::StrCat("outs:\n- md5: ", md5.Hex(), "\n  size: ", Points().size(), "\n  hash: md5\n  path: points.csv\n");
  Put("points.csv.dvc", dvc);
  ASSERT_THAT(Load(), IsOk());
  const DvcMetadata metadata = Record().load().raw_dvc_metadata();
  EXPECT_EQ(metadata.md5(), md5.Hex());
  EXPECT_EQ(metadata.size(), Points().size());
  EXPECT_EQ(metadata.hash(), "md5");
  EXPECT_EQ(metadata.path(), "points.csv");
  EXPECT_FALSE(metadata.has_remote());
  EXPECT_EQ(metadata.text(), dvc);

  Put("points.csv", absl::StrReplaceAll(Points(), {{"7.5", "7.6"}}));
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("dvc checkout")));
  EXPECT_THAT(Keys(), SizeIs(1));
}

}  // namespace
}  // namespace baton
