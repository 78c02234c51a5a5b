#include "data/table.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StrEq;

TableConfig Config(TableConfig::Task task = TableConfig::CLASSIFICATION) {
  TableConfig config;
  config.set_target_column("y");
  config.set_task(task);
  return config;
}

absl::StatusOr<Table> Read(absl::string_view bytes, const TableConfig& config = Config()) {
  return ReadCsvTable(bytes, "t.csv", config);
}

auto DataLossIs(const std::string& message) { return StatusIs(absl::StatusCode::kDataLoss, StrEq(message)); }

TEST(TableTest, ReadsNumbersAndLabels) {
  ASSERT_OK_AND_ASSIGN(const Table table, Read("a,y,b\n1,x,0.1\n-2.5e3,w,3\n4,x,5\n"));
  EXPECT_EQ(table.rows, 3);
  ASSERT_EQ(table.features.size(), 2);
  EXPECT_EQ(table.features[0].name, "a");
  EXPECT_THAT(table.features[0].values, ElementsAre(1, -2500, 4));
  EXPECT_EQ(table.features[1].name, "b");
  EXPECT_THAT(table.features[1].values, ElementsAre(0.1, 3, 5));
  EXPECT_THAT(table.labels, ElementsAre("w", "x"));
  EXPECT_THAT(table.label_ids, ElementsAre(1, 0, 1));
  EXPECT_THAT(table.targets, ElementsAre());
}

TEST(TableTest, ReadsTheNumbersOfARegression) {
  ASSERT_OK_AND_ASSIGN(const Table table, Read("a,y\n1,10\n2,-0.5\n", Config(TableConfig::REGRESSION)));
  EXPECT_THAT(table.targets, ElementsAre(10, -0.5));
  EXPECT_THAT(table.labels, ElementsAre());
}

TEST(TableTest, IgnoredColumnsMayHoldAnything) {
  TableConfig config = Config();
  config.add_ignored_columns("id");
  config.add_ignored_columns("");
  ASSERT_OK_AND_ASSIGN(const Table table, Read("id,a,,y,id\nfoo,1,,x,\n,2,nan,w,bar\n", config));
  ASSERT_EQ(table.features.size(), 1);
  EXPECT_THAT(table.features[0].values, ElementsAre(1, 2));
  ASSERT_EQ(table.columns.size(), 5);
  EXPECT_EQ(table.columns[0].role, Table::Role::kIgnored);
  EXPECT_EQ(table.columns[1].role, Table::Role::kFeature);
  EXPECT_EQ(table.columns[3].role, Table::Role::kTarget);
  EXPECT_EQ(table.columns[3].name, "y");
}

TEST(TableTest, AcceptsByteOrderMarkLineEndsQuotesAndSpaces) {
  ASSERT_OK_AND_ASSIGN(const Table table, Read("\xef\xbb\xbf\"a\",y\r\n\r\n\"1\",\"one, \"\"or\"\"\r\ntwo\"\r\n 2 ,x"));
  EXPECT_EQ(table.features[0].name, "a");
  EXPECT_THAT(table.features[0].values, ElementsAre(1, 2));
  EXPECT_THAT(table.labels, ElementsAre("one, \"or\"\r\ntwo", "x"));
}

TEST(TableTest, LabelsAreSortedByTheirBytesAndNoWordIsMissing) {
  ASSERT_OK_AND_ASSIGN(const Table table, Read("a,y\n1,b\n2,NA\n3,null\n4,10\n5,9\n6,\xc3\xa9\n"));
  EXPECT_THAT(table.labels, ElementsAre("10", "9", "NA", "b", "null", "\xc3\xa9"));
  EXPECT_THAT(table.label_ids, ElementsAre(3, 2, 4, 0, 1, 5));
}

// More than one of Arrow's blocks of 1 MiB, so that they are converted on several threads.
std::string ManyRows(int rows, int faulty_row, absl::string_view faulty) {
  std::string bytes = "a,b,y\n";
  for (int i = 1; i <= rows; ++i) {
    absl::StrAppend(&bytes, i == faulty_row ? faulty : absl::StrCat(i, ",0.5,", i % 2 ? "odd" : "even"), "\n");
  }
  return bytes;
}

TEST(TableTest, KeepsTheOrderOfRowsOverManyBlocks) {
  const int rows = 200000;
  const std::string bytes = ManyRows(rows, 0, "");
  ASSERT_GT(bytes.size(), 2 << 20);
  ASSERT_OK_AND_ASSIGN(const Table table, Read(bytes));
  ASSERT_EQ(table.rows, rows);
  for (int i = 0; i < rows; ++i) {
    ASSERT_EQ(table.features[0].values[i], i + 1);
    ASSERT_EQ(table.label_ids[i], i % 2 == 0 ? 1 : 0);
  }
}

TEST(TableTest, FindsTheLineInALaterBlock) {
  EXPECT_THAT(Read(ManyRows(200000, 150000, "7,x,odd")),
              DataLossIs("t.csv:150001: column \"b\": found \"x\", expected a number"));
  EXPECT_THAT(Read(ManyRows(200000, 150000, "7,nan,odd")),
              DataLossIs("t.csv:150001: column \"b\": found \"nan\", expected a finite number"));
  EXPECT_THAT(Read(ManyRows(200000, 150000, "7,1")),
              DataLossIs("t.csv:150001: found 2 fields, expected 3 as in the header"));
}

TEST(TableTest, RefusesWhatIsNoNumber) {
  EXPECT_THAT(Read("a,y\n1,x\nabc,w\n"), DataLossIs("t.csv:3: column \"a\": found \"abc\", expected a number"));
  EXPECT_THAT(Read("a,y\n1,x\n1 2,w\n"), DataLossIs("t.csv:3: column \"a\": found \"1 2\", expected a number"));
  EXPECT_THAT(Read("a,y\n0x10,x\n2,w\n"), DataLossIs("t.csv:2: column \"a\": found \"0x10\", expected a number"));
  EXPECT_THAT(Read("a,y\n1,x\n\"1,5\",w\n"), DataLossIs("t.csv:3: column \"a\": found \"1,5\", expected a number"));
  EXPECT_THAT(Read("a,y\n1,x\n\xff,w\n"), DataLossIs("t.csv:3: column \"a\": found \"\\xff\", expected a number"));
  EXPECT_THAT(Read("a,y\n1,2\n2,low\n", Config(TableConfig::REGRESSION)),
              DataLossIs("t.csv:3: column \"y\": found \"low\", expected a number"));
  const std::string longest(40, 'z');
  EXPECT_THAT(Read(absl::StrCat("a,y\n", longest, "z,x\n1,w\n")),
              DataLossIs(absl::StrCat("t.csv:2: column \"a\": found \"", longest, "...\", expected a number")));
}

TEST(TableTest, RefusesEmptyFields) {
  EXPECT_THAT(Read("a,y\n1,x\n,w\n"), DataLossIs("t.csv:3: column \"a\": found an empty field, expected a number"));
  EXPECT_THAT(Read("a,y\n1,x\n  ,w\n"), DataLossIs("t.csv:3: column \"a\": found an empty field, expected a number"));
  EXPECT_THAT(Read("a,y\n1,x\n2,\n"), DataLossIs("t.csv:3: column \"y\": found an empty field, expected a label"));
  EXPECT_THAT(Read("a,y\n1,x\n2,\"\"\n"), DataLossIs("t.csv:3: column \"y\": found an empty field, expected a label"));
}

TEST(TableTest, RefusesNumbersThatAreNotFinite) {
  for (const absl::string_view number : {"nan", "NaN", "inf", "-inf", "Infinity", "1e400", "-1e400"}) {
    EXPECT_THAT(Read(absl::StrCat("a,y\n1,x\n", number, ",w\n")),
                DataLossIs(absl::StrCat("t.csv:3: column \"a\": found \"", number, "\", expected a finite number")));
  }
  EXPECT_THAT(Read("a,y\n1,2\n2,nan\n", Config(TableConfig::REGRESSION)),
              DataLossIs("t.csv:3: column \"y\": found \"nan\", expected a finite number"));
  // Smaller than the smallest number, which is next to zero.
  ASSERT_OK_AND_ASSIGN(const Table table, Read("a,y\n1,x\n1e-400,w\n"));
  EXPECT_THAT(table.features[0].values, ElementsAre(1, 0));
}

TEST(TableTest, RefusesRaggedRows) {
  EXPECT_THAT(Read("a,b,y\n1,2,x\n3,4\n"), DataLossIs("t.csv:3: found 2 fields, expected 3 as in the header"));
  EXPECT_THAT(Read("a,b,y\n1,2,x\n3\n"), DataLossIs("t.csv:3: found 1 field, expected 3 as in the header"));
  EXPECT_THAT(Read("a,y\n1,x\n2,w,9\n"), DataLossIs("t.csv:3: found 3 fields, expected 2 as in the header"));
}

TEST(TableTest, LinesAreThoseOfTheFile) {
  EXPECT_THAT(Read("a,y\n\n1,\"two\nlines\"\n\r\n\r\nabc,w\n"),
              DataLossIs("t.csv:7: column \"a\": found \"abc\", expected a number"));
  EXPECT_THAT(Read("a,y\n\n1,\"two\nlines\"\n\r\n\r\n3\n"),
              DataLossIs("t.csv:7: found 1 field, expected 2 as in the header"));
}

TEST(TableTest, ReportsTheFirstOfSeveralFaults) {
  EXPECT_THAT(Read("a,b,y\n1,2,x\n3,?,x\n!,4,w\n5\n"),
              DataLossIs("t.csv:3: column \"b\": found \"?\", expected a number"));
  EXPECT_THAT(Read("a,b,y\n1,2,x\n3\n!,4,w\n"), DataLossIs("t.csv:3: found 1 field, expected 3 as in the header"));
  EXPECT_THAT(Read("a,b,y\n?,!,x\n3,4,w\n"), DataLossIs("t.csv:2: column \"a\": found \"?\", expected a number"));
}

TEST(TableTest, RefusesFilesWithoutRows) {
  for (const absl::string_view bytes : {"", "\xef\xbb\xbf", "\n\n", "\r\n"}) {
    EXPECT_THAT(Read(bytes), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("t.csv: the file is empty")));
  }
  for (const absl::string_view bytes : {"a,y", "a,y\n", "a,y\r\n\n"}) {
    EXPECT_THAT(Read(bytes), DataLossIs("t.csv:1: found a header without rows, expected at least one row"));
  }
}

TEST(TableTest, RefusesAQuoteThatIsNeverClosed) {
  EXPECT_THAT(Read("a,y\n1,x\n2,\"w\n3,x\n4,w\n"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("t.csv:3: found a quoted field that is never closed")));
  EXPECT_THAT(Read("a,\"y\n1,x\n"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("t.csv:1: found a quoted field that is never closed")));
}

TEST(TableTest, SuggestsTheColumnThatWasMeant) {
  TableConfig config = Config();
  config.set_target_column("diagnosi");
  EXPECT_THAT(Read("a,diagnosis\n1,x\n2,w\n", config),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("load.table.target_column is \"diagnosi\""), HasSubstr("t.csv"),
                             HasSubstr("did you mean \"diagnosis\"? Its columns are \"a\", \"diagnosis\""))));
  config.set_target_column("z");
  EXPECT_THAT(Read(absl::StrCat("c0", std::string(29, ','), "\n1\n"), config),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("no such column. Its columns are \"c0\", \"\""), HasSubstr(", 10 more"))));
  config = Config();
  config.add_ignored_columns("idd");
  EXPECT_THAT(Read("id,a,y\n1,1,x\n2,2,w\n", config),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("load.table.ignored_columns is \"idd\""), HasSubstr("did you mean \"id\"?"))));
}

TEST(TableTest, ColumnsCanBeCheckedByTheBeginning) {
  TableConfig config = Config();
  EXPECT_THAT(CheckColumns("\xef\xbb\xbfy,a\nx,1\nw", "t.csv", config), IsOk());
  config.set_target_column("z");
  EXPECT_THAT(CheckColumns("a,y\n1,x\n2", "t.csv", config),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("load.table.target_column is \"z\"")));
  EXPECT_THAT(CheckColumns("a,y,", "t.csv", config), IsOk()) << "the header may go on";
  EXPECT_THAT(CheckColumns("a,\"y\n1,x\n2", "t.csv", config), IsOk()) << "bad data is for the whole file to tell";
}

TEST(TableTest, RefusesUnusableHeaders) {
  EXPECT_THAT(Read("a,b,a,y\n1,2,3,x\n4,5,6,w\n"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("columns 1 and 3 have the same name \"a\"")));
  EXPECT_THAT(Read("y,a,y\nx,1,x\nw,2,w\n"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("columns 1 and 3 have the same name \"y\"")));
  EXPECT_THAT(Read(",a,y\n0,1,x\n1,2,w\n"),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("column 1 of the header has no name"),
                                                          HasSubstr("load.table.ignored_columns: \"\""))));
  EXPECT_THAT(Read("\xff,y\n1,x\n2,w\n"),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("t.csv:1"), HasSubstr("\"\\xff\""))));
  EXPECT_THAT(Read("y\nx\nw\n"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("at least one feature")));
}

TEST(TableTest, RefusesUnusableLabels) {
  EXPECT_THAT(Read("a,y\n1,x\n2,\xff\n"),
              DataLossIs("t.csv:3: column \"y\": found \"\\xff\", expected a label in UTF-8"));
  EXPECT_THAT(
      Read("a,y\n1,x\n2,x\n"),
      DataLossIs("t.csv: column \"y\": found only the label \"x\" in all 2 rows, expected at least two classes"));
}

TEST(TableTest, RefusesAShapeOfAnotherSize) {
  TableConfig config = Config();
  config.add_ignored_columns("id");
  for (const uint32_t size : {1, 2, 2}) config.add_feature_shape(size);
  EXPECT_THAT(Read("id,a,b,c,d,y\n1,1,2,3,4,x\n2,5,6,7,8,w\n", config), IsOk());
  EXPECT_THAT(
      Read("id,a,b,c,y\n1,1,2,3,x\n2,5,6,7,w\n", config),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("load.table.feature_shape is [1, 2, 2], which is 4 numbers, but t.csv has 3 features")));
  EXPECT_THAT(CheckColumns("id,a,b,c,y\n1,1,2,3,x\n2", "t.csv", config),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("feature_shape")));
}

}  // namespace
}  // namespace baton
