#include "base/human.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace baton {
namespace {

TEST(HumanBytes, UsesBinaryUnits) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1024), "1.0 KiB");
  EXPECT_EQ(HumanBytes(1536), "1.5 KiB");
  EXPECT_EQ(HumanBytes(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(HumanBytes(uint64_t{5} << 30), "5.0 GiB");
  EXPECT_EQ(HumanBytes(std::numeric_limits<uint64_t>::max()), "16.0 EiB");
}

TEST(HumanSeconds, UsesTheLargestUnitsThatMatter) {
  EXPECT_EQ(HumanSeconds(0), "0.00 s");
  EXPECT_EQ(HumanSeconds(1e300), "1e+300 s");
  EXPECT_EQ(HumanSeconds(std::numeric_limits<double>::quiet_NaN()), "nan s");
  EXPECT_EQ(HumanSeconds(0.314), "0.31 s");
  EXPECT_EQ(HumanSeconds(9.999), "10.0 s");
  EXPECT_EQ(HumanSeconds(45.23), "45.2 s");
  EXPECT_EQ(HumanSeconds(59.96), "1 min 00 s");
  EXPECT_EQ(HumanSeconds(185), "3 min 05 s");
  EXPECT_EQ(HumanSeconds(3599.6), "1 h 00 min");
  EXPECT_EQ(HumanSeconds(7380), "2 h 03 min");
  EXPECT_EQ(HumanSeconds(4 * 86400 + 3600), "4 d 01 h");
}

TEST(HumanCount, GroupsDigits) {
  EXPECT_EQ(HumanCount(0), "0");
  EXPECT_EQ(HumanCount(999), "999");
  EXPECT_EQ(HumanCount(1000), "1,000");
  EXPECT_EQ(HumanCount(1234567), "1,234,567");
}

TEST(HumanTime, IsUtc) {
  google::protobuf::Timestamp time;
  time.set_seconds(1767323045);  // date -u -d @1767323045
  time.set_nanos(999999999);
  EXPECT_EQ(HumanTime(time), "2026-01-02 03:04:05 UTC");
}

TEST(HumanNumber, HasSixDigits) {
  EXPECT_EQ(HumanNumber(0.9756097), "0.97561");
  EXPECT_EQ(HumanNumber(1), "1");
  EXPECT_EQ(HumanNumber(1e-7), "1e-07");
  EXPECT_EQ(HumanNumber(std::nan("")), "nan");
}

TEST(AlignColumns, AlignsByCharacters) {
  EXPECT_EQ(AlignColumns({{"a", "bcd", "1"}, {"\xc3\xa9t\xc3\xa9", "", "23"}}, 2, 2),
            "  a    bcd   1\n"
            "  \xc3\xa9t\xc3\xa9       23\n");
}

TEST(AlignColumns, TakesRowsOfAnyLengthAndDropsSpacesAtTheEnd) {
  EXPECT_EQ(AlignColumns({{"a", "b"}, {"long"}, {}}, 0, 9), "a     b\nlong\n\n");
}

TEST(AlignColumns, EscapesControlCharacters) {
  EXPECT_EQ(AlignColumns({{"a\nb\x1b[31m", "c"}, {"d", "\xc2\x9bm"}}, 0, 9),
            "a\\x0ab\\x1b[31m  c\n"
            "d               \\xc2\\x9bm\n");
}

}  // namespace
}  // namespace baton
