#include "data/standardize.h"

#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// The example of the article "Standard deviation" in Wikipedia: mean 5, population standard deviation 2.
TEST(StandardizeTest, DescribesThePopulation) {
  const std::vector<double> values = {2, 4, 4, 4, 5, 5, 7, 9};
  ASSERT_OK_AND_ASSIGN(const ColumnStatistics statistics, DescribeColumn("a", values, {0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(statistics.mean, 5);
  EXPECT_EQ(statistics.standard_deviation, 2);
  EXPECT_EQ(statistics.minimum, 2);
  EXPECT_EQ(statistics.maximum, 9);
  EXPECT_EQ(Standardize(9, statistics), 2);
  EXPECT_EQ(Standardize(4, statistics), -0.5);
}

TEST(StandardizeTest, OnlyTheGivenRowsCount) {
  const std::vector<double> values = {1000, 1, 3, -1000};
  ASSERT_OK_AND_ASSIGN(const ColumnStatistics statistics, DescribeColumn("a", values, {2, 1}));
  EXPECT_EQ(statistics.mean, 2);
  EXPECT_EQ(statistics.standard_deviation, 1);
  EXPECT_EQ(statistics.minimum, 1);
  EXPECT_EQ(statistics.maximum, 3);
}

// Ten times 0.1 adds up to 0.9999999999999999, so the sums alone would give a deviation of 1e-17 to divide by.
TEST(StandardizeTest, AConstantColumnIsOnlyShifted) {
  const std::vector<double> values(10, 0.1);
  ASSERT_OK_AND_ASSIGN(const ColumnStatistics statistics, DescribeColumn("a", values, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(statistics.mean, 0.1);
  EXPECT_EQ(statistics.standard_deviation, 1);
  EXPECT_EQ(Standardize(0.1, statistics), 0);
}

// A small spread on a large offset, where subtracting the squared mean from the mean square gives nonsense.
TEST(StandardizeTest, ALargeOffsetDoesNotSpoilTheDeviation) {
  const std::vector<double> values = {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16};
  ASSERT_OK_AND_ASSIGN(const ColumnStatistics statistics, DescribeColumn("a", values, {0, 1, 2, 3}));
  EXPECT_EQ(statistics.mean, 1e9 + 10);
  EXPECT_DOUBLE_EQ(statistics.standard_deviation, 4.743416490252569);  // sqrt(22.5)
}

TEST(StandardizeTest, NeverDividesByZero) {
  const std::vector<double> values = {0, 1e-300};
  ASSERT_OK_AND_ASSIGN(const ColumnStatistics statistics, DescribeColumn("a", values, {0, 1}));
  EXPECT_EQ(statistics.standard_deviation, 1);
}

TEST(StandardizeTest, RefusesNumbersThatOverflow) {
  const std::vector<double> values = {1e308, 1e308, -1e200};
  EXPECT_THAT(DescribeColumn("income", values, {0, 1, 2}),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("column \"income\""), HasSubstr("1e+308"))));
  EXPECT_THAT(DescribeColumn("income", values, {0, 2}), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("too large")));
}

}  // namespace
}  // namespace baton
