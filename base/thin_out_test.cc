#include "base/thin_out.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ThinOut, AllWhereTheyAreFew) {
  EXPECT_THAT(ThinOut(0, 4, std::nullopt), IsEmpty());
  EXPECT_THAT(ThinOut(1, 4, 0), ElementsAre(0));
  EXPECT_THAT(ThinOut(4, 4, 2), ElementsAre(0, 1, 2, 3));
}

TEST(ThinOut, AtAPowerOfTwoWithTheLastAndTheBest) {
  EXPECT_THAT(ThinOut(5, 4, std::nullopt), ElementsAre(0, 2, 4));
  EXPECT_THAT(ThinOut(8, 4, 3), ElementsAre(0, 2, 3, 4, 6, 7));
  EXPECT_THAT(ThinOut(9, 4, 7), ElementsAre(0, 4, 7, 8)) << "9 at a stride of 2 would be 5";
  EXPECT_THAT(ThinOut(10, 1, 3), ElementsAre(0, 3, 9));
}

TEST(ThinOut, NeitherManyNorHardlyAny) {
  for (size_t count = 1; count <= 20'000; count += 7) {
    const std::vector<size_t> kept = ThinOut(count, 500, count / 3);
    ASSERT_LE(kept.size(), 502);
    ASSERT_GE(kept.size(), std::min<size_t>(count, 250));
    ASSERT_EQ(kept.back(), count - 1);
    ASSERT_TRUE(std::is_sorted(kept.begin(), kept.end()));
    ASSERT_TRUE(std::binary_search(kept.begin(), kept.end(), count / 3));
  }
}

}  // namespace
}  // namespace baton
