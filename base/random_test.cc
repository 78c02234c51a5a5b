#include "base/random.h"

#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::ElementsAre;

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

// The known values come from this, written from the header and from the paper on SplitMix64 alone (its first output for
// seed 0, 0xe220a8397b1dcdaf, is the published one):
//
//   M = 2**64 - 1
//   def scramble(x):
//       x = (x + 0x9e3779b97f4a7c15) & M
//       x = ((x ^ (x >> 30)) * 0xbf58476d1ce4e5b9) & M
//       x = ((x ^ (x >> 27)) * 0x94d049bb133111eb) & M
//       return x ^ (x >> 31)
//   def mix(seed, purpose, a=0, b=0):
//       m = scramble(seed)
//       for c in purpose.encode(): m = scramble(m ^ c)
//       m = scramble(m ^ (len(purpose.encode()) << 32))
//       return scramble(scramble(m ^ a) ^ b)
//   def at(n, seed, i):
//       h = (max(n - 1, 1).bit_length() + 1) // 2
//       mask = (1 << h) - 1
//       while True:
//           l, r = i >> h, i & mask
//           for k in range(6):
//               l, r = r, l ^ (scramble(seed ^ scramble((r + (k << 56)) & M)) & mask)
//           i = l << h | r
//           if i < n: return i

TEST(MixSeed, KnownValues) {
  EXPECT_EQ(MixSeed(0, ""), 2391539541053276776u);
  EXPECT_EQ(MixSeed(1, "dropout"), 2499638340192099944u);
  EXPECT_EQ(MixSeed(1, "dropout", 2), 13234297886033035903u);
  EXPECT_EQ(MixSeed(1, "dropout", 2, 3), 1256892488025592608u);
  EXPECT_EQ(MixSeed(1, "dropout", 3, 2), 9302590970320920375u);
  // Bytes above 127 count as unsigned.
  EXPECT_EQ(MixSeed(kMax, "\xc3\xa9", kMax, kMax), 14197402454699506581u);
}

TEST(MixSeed, EveryArgumentCounts) {
  std::set<uint64_t> values;
  int count = 0;  // 98 is 'b'
  for (const uint64_t seed : {0, 1}) {
    for (const char* purpose : {"", "a", "ab", "b", "ba"}) {
      for (const uint64_t a : {0, 1, 98}) {
        for (const uint64_t b : {0, 1, 98}) {
          values.insert(MixSeed(seed, purpose, a, b));
          ++count;
        }
      }
    }
  }
  EXPECT_EQ(values.size(), count);
}

std::vector<uint64_t> All(uint64_t n, uint64_t seed) {
  const Permutation permutation(n, seed);
  std::vector<uint64_t> values;
  for (uint64_t i = 0; i < n; ++i) values.push_back(permutation.At(i));
  return values;
}

TEST(Permutation, KnownValues) {
  EXPECT_THAT(All(1, 5), ElementsAre(0));
  EXPECT_THAT(All(2, 5), ElementsAre(1, 0));
  EXPECT_THAT(All(3, 5), ElementsAre(1, 2, 0));
  EXPECT_THAT(All(10, 7), ElementsAre(9, 6, 2, 0, 7, 1, 5, 3, 4, 8));
  EXPECT_THAT(All(16, 7), ElementsAre(10, 6, 2, 0, 15, 1, 5, 3, 13, 8, 14, 11, 9, 4, 12, 7));
  EXPECT_THAT(All(17, 8), ElementsAre(3, 11, 9, 4, 0, 2, 5, 15, 13, 16, 1, 7, 12, 10, 14, 8, 6));
  const Permutation large(1'000'000'000'000, 42);
  EXPECT_EQ(large.At(0), 368595752502u);
  EXPECT_EQ(large.At(1), 448496259274u);
  EXPECT_EQ(large.At(999'999'999'999), 831032788367u);
  const Permutation largest(kMax, 9);
  EXPECT_EQ(largest.At(0), 7146658448600313462u);
  EXPECT_EQ(largest.At(kMax - 1), 10294617056356214721u);
}

TEST(Permutation, IsABijection) {
  std::vector<uint64_t> sizes = {1, 2, 3, 5, 6, 100, 1000, 12345};
  for (uint64_t power = 4; power <= 1 << 16; power *= 2) sizes.insert(sizes.end(), {power - 1, power, power + 1});
  for (const uint64_t n : sizes) {
    for (const uint64_t seed : {uint64_t{0}, uint64_t{1}, kMax}) {
      std::vector<bool> seen(n);
      for (const uint64_t value : All(n, seed)) {
        ASSERT_LT(value, n);
        ASSERT_FALSE(seen[value]) << value << " of " << n;
        seen[value] = true;
      }
    }
  }
}

// Every value comes first about equally often, and goes to every place: 10,000 seeds, 1,000 expected, standard
// deviation 30.
TEST(Permutation, IsEven) {
  constexpr int kSize = 10;
  int counts[kSize][kSize] = {};
  for (uint64_t i = 0; i < 10000; ++i) {
    const std::vector<uint64_t> values = All(kSize, MixSeed(i, "test"));
    for (int place = 0; place < kSize; ++place) ++counts[place][values[place]];
  }
  for (const auto& place : counts) {
    for (const int count : place) EXPECT_NEAR(count, 1000, 150);
  }
}

}  // namespace
}  // namespace baton
