#include "data/standardize.h"

#include <cmath>
#include <numeric>
#include <vector>

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

// Both halves of the rows differ in the last bit; dividing by that would make 1e13 of any other value.
TEST(StandardizeTest, AColumnThatIsConstantButForRoundingIsOnlyShifted) {
  std::vector<double> values;
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < 100; ++i) {
    values.push_back(i % 2 == 0 ? 14.62 : std::nextafter(14.62, 15));
    rows.push_back(i);
  }
  values.push_back(14.7);
  ASSERT_OK_AND_ASSIGN(const ColumnStatistics statistics, DescribeColumn("sensor", values, rows));
  EXPECT_TRUE(statistics.constant);
  EXPECT_EQ(statistics.standard_deviation, 1);
  EXPECT_NEAR(Standardize(14.7, statistics), 0.08, 1e-12);
}

// One of a million rows is another: far above rounding, and a time stamp that hardly moves is no constant either.
TEST(StandardizeTest, ASmallSpreadIsNotRounding) {
  std::vector<double> values(1000000, 1);
  values[17] = 2;
  std::vector<int64_t> rows(values.size());
  std::iota(rows.begin(), rows.end(), 0);
  ASSERT_OK_AND_ASSIGN(ColumnStatistics statistics, DescribeColumn("a", values, rows));
  EXPECT_FALSE(statistics.constant);
  EXPECT_NEAR(statistics.standard_deviation, 1e-3, 1e-8);
  ASSERT_OK_AND_ASSIGN(statistics, DescribeColumn("time", {1.7e9, 1.7e9 + 0.25, 1.7e9 + 0.5}, {0, 1, 2}));
  EXPECT_FALSE(statistics.constant);
  ASSERT_OK_AND_ASSIGN(statistics, DescribeColumn("tiny", {1e-100, 3e-100}, {0, 1}));
  EXPECT_FALSE(statistics.constant);
  EXPECT_DOUBLE_EQ(statistics.standard_deviation, 1e-100);
  // The bound is not squared: it would overflow, and take this for a constant.
  ASSERT_OK_AND_ASSIGN(statistics, DescribeColumn("huge", {1e153, 2e153}, {0, 1}));
  EXPECT_FALSE(statistics.constant);
}

TEST(StandardizeTest, RefusesNumbersThatOverflow) {
  const std::vector<double> values = {1e308, 1e308, -1e200};
  EXPECT_THAT(DescribeColumn("income", values, {0, 1, 2}),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("column \"income\""), HasSubstr("1e+308"))));
  EXPECT_THAT(DescribeColumn("income", values, {0, 2}), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("too large")));
}

}  // namespace
}  // namespace baton
