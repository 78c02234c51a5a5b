#include "data/split.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <string>

#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

SplitConfig Fractions(double validation, double holdout) {
  SplitConfig config;
  config.set_validation_fraction(validation);
  config.set_holdout_fraction(holdout);
  return config;
}

// Rows of features and labels, by hand.
Table Labelled(std::vector<double> first, std::vector<double> second, std::vector<std::string> labels,
               std::vector<int64_t> ids) {
  Table table;
  table.rows = static_cast<int64_t>(ids.size());
  table.features = {{"a", std::move(first)}, {"b", std::move(second)}};
  table.labels = std::move(labels);
  table.label_ids = std::move(ids);
  return table;
}

Table TwelveRows() {
  return Labelled({1.5, 0, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21}, {2, -1, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22},
                  {"a", "b"}, {0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1});
}

// `rows` rows of distinct features; the class of row i is i % classes.
Table Many(int64_t rows, int64_t classes) {
  std::vector<double> first(rows), second(rows);
  std::vector<int64_t> ids(rows);
  std::iota(first.begin(), first.end(), 0);
  for (int64_t i = 0; i < rows; ++i) ids[i] = i % classes;
  std::vector<std::string> labels;
  for (int64_t i = 0; i < classes; ++i) labels.push_back(std::string(1, static_cast<char>('a' + i)));
  return Labelled(std::move(first), std::move(second), std::move(labels), std::move(ids));
}

// The same rows in another order: row i is order[i] of `table`.
Table Reordered(const Table& table, const std::vector<int64_t>& order) {
  Table result = table;
  for (size_t i = 0; i < order.size(); ++i) {
    for (size_t f = 0; f < table.features.size(); ++f) {
      result.features[f].values[i] = table.features[f].values[order[i]];
    }
    result.label_ids[i] = table.label_ids[order[i]];
  }
  return result;
}

std::vector<int64_t> Mapped(const std::vector<int64_t>& rows, const std::vector<int64_t>& order) {
  std::vector<int64_t> result;
  for (const int64_t row : rows) result.push_back(order[row]);
  return result;
}

// Expected values by a Python program written from the header's comment, with the packages struct and xxhash.
TEST(SplitTest, RanksAndSplitsAreThoseComputedInPython) {
  const std::vector<uint64_t> ranks = RowRanks(TwelveRows(), 7);
  EXPECT_EQ(ranks[0], 0xf25b8e8423f0e220);
  EXPECT_EQ(ranks[1], 0x512cf2f68108ec0);

  ASSERT_OK_AND_ASSIGN(SplitRows split, SplitTable(TwelveRows(), Fractions(0.25, 0.25), 7));
  EXPECT_THAT(split.train, ElementsAre(8, 11, 3, 9, 5, 0));
  EXPECT_THAT(split.validation, ElementsAre(6, 2, 10));
  EXPECT_THAT(split.holdout, ElementsAre(1, 7, 4));

  ASSERT_OK_AND_ASSIGN(split, SplitTable(TwelveRows(), Fractions(0, 0.4), 8));
  EXPECT_THAT(split.train, ElementsAre(7, 0, 10, 11, 6, 5, 3));
  EXPECT_THAT(split.validation, IsEmpty());
  EXPECT_THAT(split.holdout, ElementsAre(8, 2, 4, 1, 9));
}

TEST(SplitTest, ARegressionIsOneClassRankedWithItsTarget) {
  Table table = TwelveRows();
  table.labels.clear();
  table.label_ids.clear();
  table.targets = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  EXPECT_EQ(RowRanks(table, 7)[0], 0x848596fd05bd5db7);
  ASSERT_OK_AND_ASSIGN(const SplitRows split, SplitTable(table, Fractions(0.1, 0.5), 7));
  EXPECT_THAT(split.train, ElementsAre(6, 10, 5, 4, 3));
  EXPECT_THAT(split.validation, ElementsAre(0));
  EXPECT_THAT(split.holdout, ElementsAre(8, 9, 1, 7, 11, 2));
}

TEST(SplitTest, ProportionsHoldInEachClassAndEachRowIsInOneSplit) {
  const Table table = Many(1000, 3);  // 334, 333 and 333 rows
  ASSERT_OK_AND_ASSIGN(const SplitRows split, SplitTable(table, Fractions(0.15, 0.3), 1));
  for (int64_t id = 0; id < 3; ++id) {
    const auto count = [&](const std::vector<int64_t>& rows) {
      return std::count_if(rows.begin(), rows.end(), [&](int64_t row) { return table.label_ids[row] == id; });
    };
    EXPECT_EQ(count(split.holdout), 100);
    EXPECT_EQ(count(split.validation), 50);
  }
  std::set<int64_t> all(split.train.begin(), split.train.end());
  all.insert(split.validation.begin(), split.validation.end());
  all.insert(split.holdout.begin(), split.holdout.end());
  EXPECT_THAT(all, SizeIs(1000));
  EXPECT_EQ(split.train.size() + split.validation.size() + split.holdout.size(), 1000);
}

TEST(SplitTest, TheOrderOfTheRowsPlaysNoPart) {
  const Table table = Many(100, 4);
  std::vector<int64_t> order(100);
  for (int64_t i = 0; i < 100; ++i) order[i] = (i * 37 + 11) % 100;
  ASSERT_OK_AND_ASSIGN(const SplitRows split, SplitTable(table, Fractions(0.2, 0.2), 3));
  ASSERT_OK_AND_ASSIGN(const SplitRows other, SplitTable(Reordered(table, order), Fractions(0.2, 0.2), 3));
  EXPECT_NE(split.train, other.train);
  EXPECT_EQ(split.train, Mapped(other.train, order));
  EXPECT_EQ(split.validation, Mapped(other.validation, order));
  EXPECT_EQ(split.holdout, Mapped(other.holdout, order));
}

TEST(SplitTest, TheSeedDecides) {
  ASSERT_OK_AND_ASSIGN(const SplitRows one, SplitTable(Many(100, 2), Fractions(0.2, 0.2), 1));
  ASSERT_OK_AND_ASSIGN(const SplitRows two, SplitTable(Many(100, 2), Fractions(0.2, 0.2), 2));
  EXPECT_NE(one.holdout, two.holdout);
}

TEST(SplitTest, TheHoldoutDoesNotDependOnTheValidationFraction) {
  ASSERT_OK_AND_ASSIGN(const SplitRows without, SplitTable(Many(100, 2), Fractions(0, 0.2), 1));
  ASSERT_OK_AND_ASSIGN(const SplitRows with, SplitTable(Many(100, 2), Fractions(0.3, 0.2), 1));
  EXPECT_EQ(without.holdout, with.holdout);
}

TEST(SplitTest, NegativeZeroIsZero) {
  const Table zero = Labelled({0, 1}, {0, 1}, {"a", "b"}, {0, 1});
  const Table negative = Labelled({-0.0, 1}, {0, 1}, {"a", "b"}, {0, 1});
  EXPECT_EQ(RowRanks(zero, 1), RowRanks(negative, 1));
}

// Every distinct row is there 1 to 10 times; whatever the fractions, no two equal rows are in different splits.
TEST(SplitTest, EqualRowsStayTogether) {
  std::vector<double> first;
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < 40; ++i) {
    for (int64_t times = 0; times <= i % 10; ++times) {
      first.push_back(static_cast<double>(i));
      ids.push_back(i % 2);
    }
  }
  const Table table = Labelled(first, std::vector<double>(first.size(), 1), {"a", "b"}, ids);
  for (const double validation : {0.0, 0.06, 0.1, 0.25}) {
    for (const double holdout : {0.04, 0.1, 0.33, 0.7}) {
      const absl::StatusOr<SplitRows> split = SplitTable(table, Fractions(validation, holdout), 5);
      ASSERT_TRUE(split.ok()) << split.status();
      std::set<double> train, other;
      for (const int64_t row : split->train) train.insert(first[row]);
      for (const int64_t row : split->holdout) other.insert(first[row]);
      for (const int64_t row : split->validation) EXPECT_FALSE(other.count(first[row])) << first[row];
      for (const int64_t row : split->validation) other.insert(first[row]);
      for (const double value : train) EXPECT_FALSE(other.count(value)) << value;
      EXPECT_EQ(split->train.size() + split->validation.size() + split->holdout.size(), first.size());
    }
  }
}

// Of 8 rows of a class, 5 of which are equal, a boundary within the 5 moves to their nearer end.
TEST(SplitTest, ABoundaryMovesToTheNearerEndOfARun) {
  const Table table = Labelled({1, 1, 1, 1, 1, 2, 3, 4}, std::vector<double>(8, 0), {"a"}, std::vector<int64_t>(8, 0));
  const std::vector<uint64_t> ranks = RowRanks(table, 0);
  const int64_t before = std::count_if(ranks.begin() + 5, ranks.end(), [&](uint64_t rank) { return rank < ranks[0]; });
  ASSERT_LT(before, 3) << "the run is at the end; choose another seed for this test";
  for (int64_t boundary = before + 1; boundary < before + 5; ++boundary) {
    ASSERT_OK_AND_ASSIGN(const SplitRows split, SplitTable(table, Fractions(0, boundary / 8.0), 0));
    EXPECT_THAT(split.holdout, SizeIs(boundary - before <= 2 ? before : before + 5)) << boundary;
  }
}

TEST(SplitTest, TrainHasARowOfEachClass) {
  // One row of "b", and of "c" only equal ones.
  const Table table = Labelled({1, 2, 3, 4, 5, 6, 6}, {0, 0, 0, 0, 0, 0, 0}, {"a", "b", "c"}, {0, 0, 0, 0, 1, 2, 2});
  ASSERT_OK_AND_ASSIGN(const SplitRows split, SplitTable(table, Fractions(0, 0.7), 0));
  std::set<int64_t> classes;
  for (const int64_t row : split.train) classes.insert(table.label_ids[row]);
  EXPECT_THAT(classes, ElementsAre(0, 1, 2));
}

TEST(SplitTest, SaysWhatToDoWhenASplitStaysEmpty) {
  EXPECT_THAT(
      SplitTable(Many(4, 2), Fractions(0, 0.2), 0),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("load.split.holdout_fraction is 0.2, which of 4 rows")));
  EXPECT_THAT(SplitTable(Many(4, 2), Fractions(0.2, 0.5), 0),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("load.split.validation_fraction is 0.2")));
}

}  // namespace
}  // namespace baton
