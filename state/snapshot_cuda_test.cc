// A snapshot does not say where its tensors were: written on one kind of device it loads on the other, bit for bit.
// Where there is no GPU the tests are skipped, and say so.
#include <map>
#include <string>
#include <vector>

#include "state/snapshot.h"
#include "state/snapshot_fixture.h"
#include "state/staging.h"

#include "third_party/torch_begin.h"

#include <ATen/Context.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using testing::IsEmpty;

class SnapshotCudaTest : public SnapshotTest {
 protected:
  void SetUp() override {
    SnapshotTest::SetUp();
    if (!at::hasCUDA()) GTEST_SKIP() << "no CUDA device: skipped";
  }
  // Of all files of the snapshot, by name.
  std::map<std::string, std::string> Files() {
    std::map<std::string, std::string> files;
    const std::vector<std::string> names = ListFolder(fs_, path_).value();
    for (const std::string& name : names) files[name] = ReadFile(fs_, File(name)).value();
    return files;
  }
};

TEST_F(SnapshotCudaTest, WrittenOnTheCpuItLoadsOnTheGpuAndBack) {
  Save(TestState(8));
  const std::map<std::string, std::string> written = Files();
  ASSERT_OK_AND_ASSIGN(const State on_gpu, LoadSnapshot(fs_, path_, at::kCUDA));
  EXPECT_TRUE(on_gpu.device().is_cuda());
  for (const TensorGroup& group : on_gpu.groups) EXPECT_TRUE(group.tensors.flat().is_cuda()) << group.name;
  EXPECT_THAT(Differences(on_gpu, TestState(8)), IsEmpty());
  EXPECT_TRUE(on_gpu == TestState(8));

  ASSERT_THAT(RemoveTree(fs_, path_), IsOk());
  Save(on_gpu);
  EXPECT_TRUE(Files() == written) << "the same State gives the same bytes, wherever it is";
  ASSERT_OK_AND_ASSIGN(const State back, Load());
  EXPECT_TRUE(back.device().is_cpu());
  EXPECT_THAT(Differences(back, TestState(8)), IsEmpty());
}

TEST_F(SnapshotCudaTest, ASnapshotsCopyOfAStateOnTheGpuIsCompleteAtOnce) {
  const State on_gpu = TestState(8).CopyTo(at::kCUDA);
  State staged = MakeStaging(on_gpu);
  ASSERT_OK_AND_ASSIGN(const std::vector<CopyPiece> left, BeginCopy(on_gpu, staged));
  EXPECT_THAT(left, IsEmpty());
  EXPECT_TRUE(staged.device().is_cpu());
  EXPECT_THAT(Differences(staged, TestState(8)), IsEmpty());
}

TEST_F(SnapshotCudaTest, ACopyOnTheGpuIsOnesOwn) {
  const State state = TestState(8);
  const State copy = state.CopyTo(at::kCUDA);
  copy.model().views()[0].zero_();
  EXPECT_FALSE(Identical(state, copy));
  EXPECT_TRUE(Identical(state, TestState(8)));
}

}  // namespace
}  // namespace baton
