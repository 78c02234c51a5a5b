// Training on a GPU: resumed on the same kind of device it ends with the same bits, and a snapshot of one kind goes on
// on the other. Where there is no GPU the tests are skipped, and say so.
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/pipeline_harness.h"

namespace baton {
namespace {

using testing::HasSubstr;

// Loaded, not yet trained.
class GpuTraining : public PipelineFolder {
 public:
  explicit GpuTraining(const std::string& name) : PipelineFolder(name) { EXPECT_EQ(Run("load").exit_code, 0); }

  // Trains on `device`, to the end or to `stop_at_step`.
  ProcessResult Train(const std::string& device, uint64_t stop_at_step = 0) const {
    return Run("train", {absl::StrCat("train.device=", device), absl::StrCat("--stop_at_step=", stop_at_step)});
  }

  // The content of the files of the newest snapshot that the record names, by name.
  std::map<std::string, std::string> LastSnapshot() const {
    std::map<std::string, std::string> files;
    for (const auto& [name, file] : StateOf(absl::StrCat(run_dir(), "/", Record().train().last_snapshot().path()))) {
      files[name] = file.contents;
    }
    return files;
  }
};

class Cuda : public testing::Test {
 protected:
  void SetUp() override {
    const ProcessResult result = GpuTraining("probe").Train("cuda", 1);
    if (result.exit_code == 78) GTEST_SKIP() << "no CUDA device here: " << result.err;
    ASSERT_EQ(result.exit_code, 75) << result.err;
  }
};

TEST_F(Cuda, ResumedOnTheSameKindOfDeviceItEndsWithTheSameBits) {
  const GpuTraining reference("reference");
  ASSERT_EQ(reference.Train("cuda").exit_code, 0);
  const GpuTraining resumed("resumed");
  ASSERT_EQ(resumed.Train("cuda", 4).exit_code, 75);
  ASSERT_EQ(resumed.Train("cuda", 9).exit_code, 75);
  ASSERT_EQ(resumed.Train("cuda").exit_code, 0);
  EXPECT_TRUE(resumed.LastSnapshot() == reference.LastSnapshot());
  EXPECT_EQ(resumed.Record().run().deviations_size(), 0);
}

TEST_F(Cuda, ASnapshotOfOneKindGoesOnOnTheOther) {
  for (const auto& [from, to] : std::map<std::string, std::string>{{"cpu", "cuda"}, {"cuda", "cpu"}}) {
    const GpuTraining training(absl::StrCat("from_", from));
    ASSERT_EQ(training.Train(from, 7).exit_code, 75);
    const ProcessResult result = training.Train(to);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.err, HasSubstr(absl::StrCat("device ", from, " and goes on with ", to)));
    const Metadata record = training.Record();
    EXPECT_EQ(record.train().stage().attempts(1).resumed_from_step(), 7);
    EXPECT_EQ(record.train().stage().attempts(1).device(), to);
    EXPECT_GT(record.run().deviations_size(), 0);
  }
}

}  // namespace
}  // namespace baton
