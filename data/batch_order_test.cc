#include "data/batch_order.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAreArray;

// An epoch, cut into batches.
std::vector<int64_t> Epoch(const BatchOrder& order, uint64_t epoch, uint64_t batch_size) {
  std::vector<int64_t> examples;
  for (uint64_t begin = 0;; begin += batch_size) {
    const std::vector<int64_t> batch = order.Examples(epoch, begin, begin + batch_size);
    if (batch.empty()) return examples;
    examples.insert(examples.end(), batch.begin(), batch.end());
  }
}

std::vector<int64_t> UpTo(int64_t n) {
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < n; ++i) numbers.push_back(i);
  return numbers;
}

TEST(BatchOrderTest, EachEpochHoldsEveryExampleOnce) {
  for (const uint64_t examples : {1, 2, 7, 10, 64, 1000}) {
    for (const uint64_t batch_size : {1, 3, 10, 2000}) {
      const BatchOrder order(7, examples);
      EXPECT_THAT(Epoch(order, 0, batch_size), UnorderedElementsAreArray(UpTo(examples)));
      EXPECT_THAT(Epoch(order, 5, batch_size), UnorderedElementsAreArray(UpTo(examples)));
    }
  }
}

TEST(BatchOrderTest, EndsWithTheEpoch) {
  const BatchOrder order(7, 10);
  EXPECT_THAT(order.Examples(0, 4, 8), SizeIs(4));
  EXPECT_THAT(order.Examples(0, 8, 12), SizeIs(2));
  EXPECT_THAT(order.Examples(0, 10, 14), IsEmpty());
  EXPECT_THAT(BatchOrder(7, 0).Examples(0, 0, 4), IsEmpty());
}

// The order does not depend on how it is cut, only on seed and epoch: a changed batch size keeps the sequence.
TEST(BatchOrderTest, TheSequenceDependsOnSeedAndEpochOnly) {
  EXPECT_EQ(Epoch(BatchOrder(7, 100), 3, 8), Epoch(BatchOrder(7, 100), 3, 33));
  EXPECT_NE(Epoch(BatchOrder(7, 100), 3, 8), Epoch(BatchOrder(7, 100), 4, 8));
  EXPECT_NE(Epoch(BatchOrder(7, 100), 3, 8), Epoch(BatchOrder(8, 100), 3, 8));
  EXPECT_NE(Epoch(BatchOrder(7, 100), 0, 8), UpTo(100));
}

// Computed by a program of ten lines of Python, written from the comments in base/random.h and batch_order.h.
TEST(BatchOrderTest, IsWhatItWasOnEveryMachine) {
  const BatchOrder order(7, 10);
  EXPECT_THAT(order.Examples(3, 0, 4), ElementsAre(9, 4, 1, 6));
  EXPECT_THAT(order.Examples(3, 4, 8), ElementsAre(2, 8, 7, 0));
  EXPECT_THAT(order.Examples(3, 8, 12), ElementsAre(3, 5));
}

}  // namespace
}  // namespace baton
