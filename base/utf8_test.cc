#include "base/utf8.h"

#include <cstdint>
#include <string>

#include "gtest/gtest.h"

namespace baton {
namespace {

// The definition, from code point to bytes (RFC 3629, section 3).
std::string Encode(uint32_t c) {
  const auto tail = [](uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3F)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | c >> 6), tail(c)};
  if (c < 0x10000) return {static_cast<char>(0xE0 | c >> 12), tail(c >> 6), tail(c)};
  return {static_cast<char>(0xF0 | c >> 18), tail(c >> 12), tail(c >> 6), tail(c)};
}

TEST(Utf8Test, TakesEveryCodePointButSurrogates) {
  for (uint32_t c = 0; c < 0x110000; ++c) {
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    ASSERT_EQ(IsUtf8(Encode(c)), !surrogate) << c;
  }
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8(absl::string_view("a\0b", 3)));
}

TEST(Utf8Test, RefusesWhatIsNotWellFormed) {
  for (const char* bad :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2",
        "\xC2"
        "A",
        "\xE0\x9F\xBF", "\xE2\x82",
        "\xE2\x82"
        "A",
        "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF0\x9F\x98", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF",
        "a\xFF"
        "b"}) {
    EXPECT_FALSE(IsUtf8(bad)) << testing::PrintToString(bad);
  }
}

TEST(Utf8Test, ReplacesBadBytesOnly) {
  EXPECT_EQ(ReplaceInvalidUtf8("gr\xC3\xBC\xC3\x9F"
                               "e"),
            "gr\xC3\xBC\xC3\x9F"
            "e");
  EXPECT_EQ(ReplaceInvalidUtf8("a\xFF"
                               "b\xE2\x82"),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Utf8Test, EscapesControlCharacters) {
  EXPECT_EQ(EscapeControl("gr\xC3\xBC\xC3\x9F"
                          "e \\ \xE2\x82\xAC"),
            "gr\xC3\xBC\xC3\x9F"
            "e \\ \xE2\x82\xAC");
  EXPECT_EQ(EscapeControl("\x1b[2J\r\n\t\x7f"), "\\x1b[2J\\x0d\\x0a\\x09\\x7f");
  EXPECT_EQ(EscapeControl(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(EscapeControl("a\r\n\tb", "\n\t"), "a\\x0d\n\tb");
  // U+009B begins an escape sequence as "\x1b[" does; U+00A0 is a space.
  EXPECT_EQ(EscapeControl("\xC2\x9B"
                          "2J\xC2\xA0"),
            "\\xc2\\x9b2J\xC2\xA0");
  EXPECT_EQ(EscapeControl("\x9B"
                          "2J\xE2\x82"),
            "\\x9b2J\\xe2\\x82");
}

}  // namespace
}  // namespace baton
