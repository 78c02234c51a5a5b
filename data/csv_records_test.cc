#include "data/csv_records.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

std::vector<std::pair<int64_t, std::string>> Records(absl::string_view bytes) {
  CsvRecordReader reader(bytes);
  std::vector<std::pair<int64_t, std::string>> records;
  for (CsvRecord record; reader.Next(record);) {
    EXPECT_TRUE(record.closed);
    records.emplace_back(record.line, std::string(record.text));
  }
  return records;
}

TEST(CsvRecordsTest, EmptyFilesHoldNone) {
  EXPECT_THAT(Records(""), IsEmpty());
  EXPECT_THAT(Records("\n\r\n\r"), IsEmpty());
}

TEST(CsvRecordsTest, AllLineBreaksEndALine) {
  EXPECT_THAT(Records("a,b\n1,2\r\n3,4\r5,6"),
              ElementsAre(Pair(1, "a,b"), Pair(2, "1,2"), Pair(3, "3,4"), Pair(4, "5,6")));
}

TEST(CsvRecordsTest, EmptyLinesCountAsLinesAndAreNoRecords) {
  EXPECT_THAT(Records("\na\n\n\n1\n\r\n2\n"), ElementsAre(Pair(2, "a"), Pair(5, "1"), Pair(7, "2")));
}

TEST(CsvRecordsTest, QuotedFieldsHoldLineBreaksAndQuotes) {
  EXPECT_THAT(Records("a,b\n\"x\n\r\ny\",\"\"\"\n\"\"\"\n3,4\n"),
              ElementsAre(Pair(1, "a,b"), Pair(2, "\"x\n\r\ny\",\"\"\"\n\"\"\""), Pair(6, "3,4")));
}

TEST(CsvRecordsTest, AQuoteInsideAFieldOpensNothing) {
  EXPECT_THAT(Records("5\",x\n6\",y\n"), ElementsAre(Pair(1, "5\",x"), Pair(2, "6\",y")));
  EXPECT_THAT(Records("\"a\"b\"\nc\n"), ElementsAre(Pair(1, "\"a\"b\""), Pair(2, "c")));
}

TEST(CsvRecordsTest, AnOpenQuoteIsReportedOnTheLineOfItsRecord) {
  CsvRecordReader reader("a,b\n1,\"2\n3,4\n5,6\n");
  CsvRecord record;
  ASSERT_TRUE(reader.Next(record));
  EXPECT_TRUE(record.closed);
  ASSERT_TRUE(reader.Next(record));
  EXPECT_FALSE(record.closed);
  EXPECT_EQ(record.line, 2);
  EXPECT_FALSE(reader.Next(record));
}

TEST(CsvRecordsTest, FindsTheLineOfARecord) {
  const std::string bytes = "a,b\n\"1\n\n\",2\n\n3,4\n";
  EXPECT_EQ(CsvRecordLine(bytes, 1), 1);
  EXPECT_EQ(CsvRecordLine(bytes, 2), 2);
  EXPECT_EQ(CsvRecordLine(bytes, 3), 6);
  EXPECT_EQ(CsvRecordLine(bytes, 4), 0);
}

}  // namespace
}  // namespace baton
