#include "metadata/store.h"

#include <filesystem>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/files.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata/testing.h"
#include "metadata/timestamp.h"

namespace baton {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The bytes of the worked example in docs/record.md. They were encoded by hand in Python; the seal is hashlib's and
// sha256sum's.
std::string WorkedExample() {
  std::string hex;
  for (absl::string_view line : absl::StrSplit(ReadAll("docs/record.md"), '\n')) {
    // xxd's lines: an offset, 16 bytes, and the same as characters.
    if (absl::StartsWith(line, "000000")) absl::StrAppend(&hex, line.substr(10, 39));
  }
  return absl::HexStringToBytes(absl::StrReplaceAll(hex, {{" ", ""}}));
}

TEST(Store, ReadsTheWorkedExample) {
  const std::string run_dir = NewRunDir();
  WriteAll(GenerationPath(run_dir, 1), WorkedExample());
  ASSERT_OK_AND_ASSIGN(const Metadata record, OpenRecord(FileSystem::Posix(), run_dir)->Read());
  EXPECT_EQ(record.run().run_id(), "000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(record.run().name(), "iris");
  EXPECT_EQ(record.load().raw_file_size(), 4551);
  EXPECT_EQ(record.generation(), 1);
  EXPECT_FALSE(record.has_previous_sha256());
  EXPECT_EQ(record.committed_at().seconds(), 1767323045);  // 2026-01-02 03:04:05 UTC
  EXPECT_EQ(record.committed_by(), "load");
  EXPECT_EQ(record.format_version(), 1);
  EXPECT_EQ(record.sha256(), "61073245933bea2dc072dbb00f9b31b5559aadee4796c017aa15bb565fdaf950");
}

TEST(Store, AnEmptyRecordHasNoGenerationAndNoFiles) {
  const std::string run_dir = NewRunDir();
  ASSERT_OK_AND_ASSIGN(const Metadata record, OpenRecord(FileSystem::Posix(), run_dir)->Read());
  EXPECT_FALSE(record.has_generation());
  EXPECT_EQ(record.ByteSizeLong(), 0);
  EXPECT_TRUE(std::filesystem::is_empty(run_dir));
}

TEST(Store, TheFirstCommitCreatesTheRecord) {
  const std::string run_dir = NewRunDir();
  ParentRun parent;
  parent.set_run_id("ab");
  parent.set_step_index(7);
  ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(FileSystem::Posix(), run_dir, "", parent));
  const absl::Time before = absl::Now();
  ASSERT_THAT(CommitSize(*store, 5), IsOk());
  ASSERT_OK_AND_ASSIGN(const Metadata record, store->Read());
  EXPECT_EQ(record.generation(), 1);
  EXPECT_FALSE(record.has_previous_sha256());
  EXPECT_EQ(record.committed_by(), "load");
  EXPECT_GE(FromTimestamp(record.committed_at()), before);
  EXPECT_LE(FromTimestamp(record.committed_at()), absl::Now());
  EXPECT_EQ(record.format_version(), 1);
  EXPECT_EQ(record.run().run_id().size(), 32);
  EXPECT_EQ(record.run().name(), BaseName(run_dir));
  EXPECT_EQ(record.run().parent().step_index(), 7);
  EXPECT_EQ(record.load().raw_file_size(), 5);
  EXPECT_THAT(RecordFiles(run_dir), ElementsAre("0000000001.binpb"));
}

TEST(Store, EachGenerationHoldsThePredecessorsSealAndTheSameIdentity) {
  const std::string run_dir = NewRunDir();
  const auto store = OpenRecord(FileSystem::Posix(), run_dir);
  ASSERT_THAT(CommitSize(*store, 5), IsOk());
  ASSERT_OK_AND_ASSIGN(const Metadata first, store->Read());
  // Another process, which would have called it otherwise.
  ASSERT_OK_AND_ASSIGN(const auto other, MetadataStore::Open(FileSystem::Posix(), run_dir, "wine"));
  ASSERT_THAT(other->Commit(SectionOwner::kTrain,
                            [](Metadata& record) {
                              record.mutable_train()->set_parameter_count(3);
                              return absl::OkStatus();
                            }),
              IsOk());
  ASSERT_OK_AND_ASSIGN(const Metadata second, store->Read());
  EXPECT_EQ(second.generation(), 2);
  EXPECT_EQ(second.previous_sha256(), first.sha256());
  EXPECT_EQ(second.committed_by(), "train");
  EXPECT_EQ(second.run().run_id(), first.run().run_id());
  EXPECT_EQ(second.run().name(), "iris");
  EXPECT_EQ(second.load().raw_file_size(), 5);
}

TEST(Store, ACommitThatChangesNothingWritesNothing) {
  const std::string run_dir = NewRunDir();
  const auto store = OpenRecord(FileSystem::Posix(), run_dir);
  const auto nothing = [](Metadata& record) {
    record.mutable_load();
    record.set_generation(99);  // not a stage's to set
    return absl::OkStatus();
  };
  ASSERT_THAT(store->Commit(SectionOwner::kLoad, nothing), IsOk());
  EXPECT_TRUE(std::filesystem::is_empty(run_dir));
  ASSERT_THAT(CommitSize(*store, 5), IsOk());
  ASSERT_THAT(CommitSize(*store, 5), IsOk());
  ASSERT_THAT(store->Commit(SectionOwner::kLoad, nothing), IsOk());
  EXPECT_THAT(RecordFiles(run_dir), ElementsAre("0000000001.binpb"));
}

TEST(Store, RefusesToChangeWhatIsNotTheOwners) {
  const std::string run_dir = NewRunDir();
  const auto store = OpenRecord(FileSystem::Posix(), run_dir);
  ASSERT_THAT(CommitSize(*store, 5), IsOk());
  EXPECT_THAT(store->Commit(SectionOwner::kTrain,
                            [](Metadata& record) {
                              record.mutable_load()->set_raw_file_size(6);
                              return absl::OkStatus();
                            }),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("the stage train tried to change the section load")));
  EXPECT_THAT(RecordFiles(run_dir), ElementsAre("0000000001.binpb"));
}

TEST(Store, AnErrorOfApplyEndsTheCommit) {
  const std::string run_dir = NewRunDir();
  const auto store = OpenRecord(FileSystem::Posix(), run_dir);
  EXPECT_THAT(store->Commit(SectionOwner::kLoad,
                            [](Metadata& record) {
                              record.mutable_load()->set_raw_file_size(6);
                              return absl::UnavailableError("no");
                            }),
              StatusIs(absl::StatusCode::kUnavailable, "no"));
  EXPECT_TRUE(std::filesystem::is_empty(run_dir));
}

TEST(Store, RefusesTextThatCouldNotBeReadBack) {
  const std::string run_dir = NewRunDir();
  const auto store = OpenRecord(FileSystem::Posix(), run_dir);
  EXPECT_THAT(store->Commit(SectionOwner::kLoad,
                            [](Metadata& record) {
                              record.mutable_load()->add_outputs()->set_path("caf\xe9");
                              return absl::OkStatus();
                            }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("load.outputs.path")));
  EXPECT_FALSE(std::filesystem::exists(GenerationPath(run_dir, 1)));
}

TEST(Store, KeepsFieldsThatANewerProgramWrote) {
  const std::string run_dir = NewRunDir();
  const auto store = OpenRecord(FileSystem::Posix(), run_dir);
  ASSERT_THAT(CommitSize(*store, 5), IsOk());
  // Field 90 of the record, field 99 of the load section.
  ASSERT_THAT(store->Commit(SectionOwner::kLoad,
                            [](Metadata& record) {
                              record.GetReflection()->MutableUnknownFields(&record)->AddVarint(90, 1);
                              LoadSection& load = *record.mutable_load();
                              load.GetReflection()->MutableUnknownFields(&load)->AddVarint(99, 1);
                              return absl::OkStatus();
                            }),
              IsOk());
  ASSERT_THAT(CommitSize(*store, 6), IsOk());
  ASSERT_OK_AND_ASSIGN(const Metadata record, store->Read());
  EXPECT_EQ(record.generation(), 3);
  EXPECT_EQ(record.GetReflection()->GetUnknownFields(record).field(0).number(), 90);
  EXPECT_EQ(record.load().GetReflection()->GetUnknownFields(record.load()).field(0).number(), 99);
}

TEST(Store, RefusesANewerFormatAndLeavesItAlone) {
  const std::string run_dir = NewRunDir();
  // The worked example with format_version 2, sealed by hashlib.
  std::string bytes = WorkedExample();
  bytes[64] = 2;
  bytes.replace(68, 64, "28a72a9be114a0c71c1b0a7610d4842866ac9bcbcd3f38a0f1bedfc47383c7d2");
  WriteAll(GenerationPath(run_dir, 1), bytes);
  EXPECT_THAT(MetadataStore::Open(FileSystem::Posix(), run_dir, "iris"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("format_version 2")));
  EXPECT_THAT(RecordFiles(run_dir), ElementsAre("0000000001.binpb"));
}

}  // namespace
}  // namespace baton
