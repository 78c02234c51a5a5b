#include "pipeline/plan/outputs.h"

#include <sys/stat.h>

#include <string>

#include "base/files.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "pipeline/plan/keys.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class OutputsTest : public testing::Test {
 protected:
  OutputsTest()
      : run_(testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name()),
        digests_(fs_, run_.DigestCacheFile()) {
    EXPECT_THAT(MakeFolders(fs_, run_.path() + "/load/k"), IsOk());
    // printf abc | sha256sum, printf '' | sha256sum
    Add("load/k/abc", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    Add("load/k/empty", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }

  void Add(const std::string& path, const std::string& contents, const std::string& sha256) {
    EXPECT_THAT(ReplaceFile(fs_, run_.path() + "/" + path, contents), IsOk());
    Artifact& output = *outputs_.Add();
    output.set_path(path);
    output.set_size_bytes(contents.size());
    output.set_sha256(sha256);
  }
  absl::Status Verify() { return VerifyOutputs(run_, outputs_, digests_); }

  FileSystem& fs_ = FileSystem::Posix();
  const RunDirectory run_;
  DigestCache digests_;
  google::protobuf::RepeatedPtrField<Artifact> outputs_;
};

TEST_F(OutputsTest, IntactOnesVerify) { EXPECT_THAT(Verify(), IsOk()); }

TEST_F(OutputsTest, AMissingOneIsNotFound) {
  ASSERT_THAT(RemoveTree(fs_, run_.path() + "/load/k/abc"), IsOk());
  EXPECT_THAT(Verify(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("load/k/abc")));
}

TEST_F(OutputsTest, AChangedOneIsDataLoss) {
  ASSERT_THAT(ReplaceFile(fs_, run_.path() + "/load/k/abc", "abd"), IsOk());
  EXPECT_THAT(Verify(), StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("load/k/abc"), HasSubstr("ba7816bf"))));
}

TEST_F(OutputsTest, ALongerEmptyOneIsDataLoss) {
  ASSERT_THAT(ReplaceFile(fs_, run_.path() + "/load/k/empty", "x"), IsOk());
  EXPECT_THAT(Verify(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("load/k/empty")));
}

TEST_F(OutputsTest, FindsSnapshots) {
  TrainSection train;
  train.mutable_stage()->set_key("key");
  const std::string folder = run_.path() + "/train/key";
  EXPECT_THAT(HasSnapshots(fs_, run_, train), IsOk());
  EXPECT_FALSE(*HasSnapshots(fs_, run_, train));
  ASSERT_THAT(MakeFolders(fs_, folder + "/.tmp-step-000000000003"), IsOk());
  ASSERT_THAT(MakeFolders(fs_, folder + "/step-000000000003.damaged"), IsOk());
  EXPECT_FALSE(*HasSnapshots(fs_, run_, train));
  ASSERT_THAT(MakeFolders(fs_, folder + "/step-000000000003"), IsOk());
  EXPECT_TRUE(*HasSnapshots(fs_, run_, train));
  train.mutable_stage()->set_key("other");
  EXPECT_FALSE(*HasSnapshots(fs_, run_, train));
}

void Record(const KeyInputs& inputs, StageRun& stage) {
  for (const auto& [name, value] : inputs.values()) {
    KeyInput& input = *stage.add_key_inputs();
    input.set_name(name);
    input.set_value(value);
  }
}

TEST_F(OutputsTest, LoadIsCurrentUnderItsConfiguration) {
  PipelineConfig config;
  config.set_seed(3);
  config.mutable_load()->set_target_column("y");
  LoadSection load;
  load.set_raw_file_sha256("f00d");
  EXPECT_THAT(CheckLoadIsCurrent(config, load), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("run load")));

  Record(LoadKey(config, "f00d"), *load.mutable_stage());
  load.mutable_stage()->set_status(StageRun::INTERRUPTED);
  EXPECT_THAT(CheckLoadIsCurrent(config, load), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("run load")));
  load.mutable_stage()->set_status(StageRun::COMPLETE);
  EXPECT_THAT(CheckLoadIsCurrent(config, load), IsOk());

  // Where the raw file is does not matter.
  config.mutable_load()->set_raw_filepath("/elsewhere.csv");
  EXPECT_THAT(CheckLoadIsCurrent(config, load), IsOk());
  config.mutable_load()->set_target_column("z");
  EXPECT_THAT(CheckLoadIsCurrent(config, load),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("load.target_column: \"y\" -> \"z\""), Not(HasSubstr("seed")))));
}

TEST_F(OutputsTest, TrainIsCurrentUnderItsConfigurationAndDataset) {
  PipelineConfig config;
  config.mutable_train()->set_max_epochs(2);
  LoadSection load;
  load.set_dataset_version("sha256:dada");
  TrainSection train;
  EXPECT_THAT(CheckTrainIsCurrent(config, load, train),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("run train first")));
  Record(TrainKey(config, load, train), *train.mutable_stage());
  train.mutable_stage()->set_status(StageRun::COMPLETE);
  train.set_stop_reason(TrainSection::MAX_EPOCHS);
  train.set_epochs_done(2);
  EXPECT_THAT(CheckTrainIsCurrent(config, load, train), IsOk());

  config.mutable_train()->set_max_epochs(3);
  EXPECT_THAT(CheckTrainIsCurrent(config, load, train),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2 epochs, and train.max_epochs is 3")));
  train.set_stop_reason(TrainSection::EARLY_STOPPING);
  EXPECT_THAT(CheckTrainIsCurrent(config, load, train), IsOk());
  load.set_dataset_version("sha256:dadb");
  EXPECT_THAT(CheckTrainIsCurrent(config, load, train),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("load.dataset: sha256:dada -> sha256:dadb")));
}

}  // namespace
}  // namespace baton
