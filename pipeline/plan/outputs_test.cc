#include "pipeline/plan/outputs.h"

#include <sys/stat.h>

#include <string>

#include "base/files.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::HasSubstr;

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

}  // namespace
}  // namespace baton
