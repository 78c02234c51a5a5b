#include "pipeline/config/run_directory.h"

#include "gtest/gtest.h"

namespace baton {
namespace {

TEST(RunDirectoryTest, NamesItsFilesAndFolders) {
  const RunDirectory run("/runs/iris");
  EXPECT_EQ(run.path(), "/runs/iris");
  EXPECT_EQ(run.ConfigFile(), "/runs/iris/config.textproto");
  EXPECT_EQ(run.StageFolder(kLoadStage), "/runs/iris/load");
  EXPECT_EQ(run.OutputFolder(kTrainStage, "0123456789abcdef"), "/runs/iris/train/0123456789abcdef");
  EXPECT_EQ(run.LockFolder(), "/runs/iris/locks");
  EXPECT_EQ(run.LockFile(kEvaluateStage), "/runs/iris/locks/evaluate.lock");
  EXPECT_EQ(run.DigestCacheFile(), "/runs/iris/cache/digests.binpb");
  EXPECT_EQ(run.LogFolder(), "/runs/iris/logs");
}

TEST(RunDirectoryTest, NamesWhatIsInsideWithoutItsOwnPath) {
  const RunDirectory run("/runs/iris");
  EXPECT_EQ(run.Relative("/runs/iris/load/00/train.safetensors"), "load/00/train.safetensors");
  EXPECT_EQ(run.Relative("/runs/iris_2/load"), "/runs/iris_2/load");
  EXPECT_EQ(run.Relative("load"), "load");
}

}  // namespace
}  // namespace baton
