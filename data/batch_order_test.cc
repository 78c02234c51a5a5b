#include "data/batch_order.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAreArray;

std::vector<int64_t> Epoch(const BatchOrder& order, uint64_t epoch) {
  std::vector<int64_t> examples;
  for (uint64_t batch = 0; batch < order.batches(); ++batch) {
    for (const int64_t example : order.Batch(epoch, batch)) examples.push_back(example);
  }
  return examples;
}

std::vector<int64_t> UpTo(int64_t n) {
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < n; ++i) numbers.push_back(i);
  return numbers;
}

TEST(BatchOrderTest, EachEpochHoldsEveryExampleOnce) {
  for (const uint64_t rows : {1, 2, 7, 10, 64, 1000}) {
    for (const uint64_t batch_size : {1, 3, 10, 2000}) {
      const BatchOrder order(7, rows, batch_size);
      EXPECT_THAT(Epoch(order, 0), UnorderedElementsAreArray(UpTo(rows)));
      EXPECT_THAT(Epoch(order, 5), UnorderedElementsAreArray(UpTo(rows)));
    }
  }
}

TEST(BatchOrderTest, OnlyTheLastBatchIsSmaller) {
  const BatchOrder order(7, 10, 4);
  EXPECT_EQ(order.batches(), 3);
  EXPECT_THAT(order.Batch(0, 0), SizeIs(4));
  EXPECT_THAT(order.Batch(0, 1), SizeIs(4));
  EXPECT_THAT(order.Batch(0, 2), SizeIs(2));
  EXPECT_EQ(BatchOrder(7, 8, 4).batches(), 2);
  EXPECT_THAT(BatchOrder(7, 8, 4).Batch(0, 1), SizeIs(4));
}

TEST(BatchOrderTest, NoExamplesMakeNoBatches) {
  EXPECT_EQ(BatchOrder(7, 0, 4).batches(), 0);
  EXPECT_THAT(BatchOrder(7, 0, 4).Batch(0, 0), IsEmpty());
}

// The order does not depend on how it is cut, only on seed and epoch: a changed batch size keeps the sequence.
TEST(BatchOrderTest, TheSequenceDependsOnSeedAndEpochOnly) {
  EXPECT_EQ(Epoch(BatchOrder(7, 100, 8), 3), Epoch(BatchOrder(7, 100, 33), 3));
  EXPECT_NE(Epoch(BatchOrder(7, 100, 8), 3), Epoch(BatchOrder(7, 100, 8), 4));
  EXPECT_NE(Epoch(BatchOrder(7, 100, 8), 3), Epoch(BatchOrder(8, 100, 8), 3));
  EXPECT_NE(Epoch(BatchOrder(7, 100, 8), 0), UpTo(100));
}

// Computed by a program of ten lines of Python, written from the comments in base/random.h and batch_order.h.
TEST(BatchOrderTest, IsWhatItWasOnEveryMachine) {
  const BatchOrder order(7, 10, 4);
  EXPECT_THAT(order.Batch(3, 0), ElementsAre(9, 4, 1, 6));
  EXPECT_THAT(order.Batch(3, 1), ElementsAre(2, 8, 7, 0));
  EXPECT_THAT(order.Batch(3, 2), ElementsAre(3, 5));
}

}  // namespace
}  // namespace baton
