#include "base/fields.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "base/fields_test.pb.h"
#include "base/testing/status_matchers.h"

namespace baton {
namespace {

using fields_test::Inner;
using fields_test::Sample;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using Values = std::vector<FieldValue>;

Sample Parse(const std::string& text) {
  Sample sample;
  const absl::Status status = ParseTextMessage(text, "sample.textproto", sample);
  EXPECT_THAT(status, IsOk());
  return sample;
}

TEST(FrozenFieldsTest, ListsNothingOfAnEmptyMessage) { EXPECT_THAT(FrozenFields(Sample(), ""), IsEmpty()); }

TEST(FrozenFieldsTest, ListsByNumberWithPrefix) {
  const Sample sample = Parse("sizes: [64, 32] names: ['a', 'b'] int64_value: -5 color: RED colors: [RED, GREEN]");
  EXPECT_EQ(FrozenFields(sample, "x.y"), (Values{{"x.y.int64_value", "-5"},
                                                 {"x.y.color", "RED"},
                                                 {"x.y.names", "[\"a\", \"b\"]"},
                                                 {"x.y.colors", "[RED, GREEN]"},
                                                 {"x.y.sizes", "[64, 32]"}}));
}

TEST(FrozenFieldsTest, AFieldAtItsDefaultIsAsIfNotSet) {
  EXPECT_THAT(FrozenFields(Parse("int32_value: 7 int64_value: 0 float_value: 0.1 double_value: 1e-3 bool_value: true "
                                 "string_value: 'none' bytes_value: '' color: GREEN inner { rate: 0.5 }"),
                           ""),
              IsEmpty());
  EXPECT_EQ(FrozenFields(Parse("int32_value: 0 bool_value: false string_value: ''"), ""),
            (Values{{"int32_value", "0"}, {"bool_value", "false"}, {"string_value", "\"\""}}));
  // -0 and 0 are equal, yet other bits.
  EXPECT_EQ(FrozenFields(Parse("inner { rate: -0.0 }"), ""), (Values{{"inner.rate", "-0"}}));
}

TEST(FrozenFieldsTest, LeavesOutFreeFieldsWithAllBelow) {
  EXPECT_EQ(FrozenFields(Parse("place: '/x' free_inner { rate: 0.25 deeper { rate: 0.25 } } "
                               "inner { workers: 4 deeper { rate: 0.25 workers: 8 } }"),
                         ""),
            (Values{{"inner.deeper.rate", "0.25"}}));
}

TEST(FrozenFieldsTest, AChosenMemberOfAOneofIsListedThoughEmpty) {
  EXPECT_EQ(FrozenFields(Parse("first {}"), ""), (Values{{"first", "{}"}}));
  EXPECT_EQ(FrozenFields(Parse("first { rate: 0.5 workers: 3 }"), ""), (Values{{"first", "{}"}}));
  EXPECT_EQ(FrozenFields(Parse("first { rate: 1 }"), ""), (Values{{"first.rate", "1"}}));
  EXPECT_EQ(FrozenFields(Parse("second { sharp: true }"), ""), (Values{{"second.sharp", "true"}}));
  EXPECT_EQ(FrozenFields(Parse("plain: 0"), ""), (Values{{"plain", "0"}}));
  // Presence says nothing outside of a oneof.
  EXPECT_THAT(FrozenFields(Parse("inner {}"), ""), IsEmpty());
}

std::string Of(const std::string& text) {
  fields_test::Holder holder;
  EXPECT_THAT(ParseTextMessage(text, "x", holder), IsOk());
  std::string result;
  for (const auto& [name, value] : FrozenFields(holder, "a")) result += name + "=" + value + ";";
  return result;
}

TEST(FrozenFieldsTest, AnExtensionIsAChoice) {
  EXPECT_EQ(Of("kind { [baton.fields_test.wide] {} }"), "a.kind.[baton.fields_test.wide]={};");
  EXPECT_EQ(Of("kind { [baton.fields_test.wide] { width: 8 workers: 3 } }"), "a.kind.[baton.fields_test.wide]={};");
  EXPECT_EQ(Of("kind { [baton.fields_test.tall] { width: 9 shape: SQUARE } common: true }"),
            "a.kind.common=true;a.kind.[baton.fields_test.tall].width=9;a.kind.[baton.fields_test.tall].shape=SQUARE;");
}

TEST(ChoicesTest, OfAMessageThatCanBeExtended) {
  std::vector<std::string> names;
  for (const auto* choice : KnownChoices(fields_test::Kind::descriptor())) names.push_back(NameInPath(choice));
  EXPECT_THAT(names, ElementsAre("first", "plain", "[baton.fields_test.tall]", "[baton.fields_test.wide]"));
  fields_test::Kind kind;
  kind.set_common(true);
  EXPECT_THAT(ChoicesMade(kind), IsEmpty());
  kind.mutable_first();
  kind.MutableExtension(fields_test::wide);
  names.clear();
  for (const auto* choice : ChoicesMade(kind)) names.push_back(NameInPath(choice));
  EXPECT_THAT(names, ElementsAre("first", "[baton.fields_test.wide]"));
}

TEST(FrozenFieldsTest, WritesFloatsWithTheFewestDigitsThatGiveTheSameBits) {
  Sample sample;
  const auto text = [&](double value) {
    sample.set_double_value(value);
    return FrozenFields(sample, "").at(0).second;
  };
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(1e-8), "1e-08");
  EXPECT_EQ(text(0.30000000000000004), "0.30000000000000004");
  EXPECT_EQ(text(5e-324), "5e-324");
  EXPECT_EQ(text(123456.5), "123456.5");
  for (const double value : {1.0 / 3, 2.0 / 3 * 1e300, 1e-310, 9007199254740993.0}) {
    EXPECT_EQ(std::strtod(text(value).c_str(), nullptr), value);
  }
  sample.Clear();
  sample.set_float_value(0.2f);
  EXPECT_THAT(FrozenFields(sample, ""), ElementsAre(Pair("float_value", "0.2")));
}

TEST(FrozenFieldsTest, EscapesStringsToOneLine) {
  Sample sample;
  sample.set_string_value("a\"b\\c\nd\r\t\x01\x7F\xC3\xA9");
  sample.set_bytes_value("\xFF\n");
  EXPECT_EQ(FrozenFields(sample, ""), (Values{{"string_value", "\"a\\\"b\\\\c\\nd\\r\\t\\u0001\x7F\xC3\xA9\""},
                                              {"bytes_value", "\"\\377\\n\""}}));
}

TEST(FrozenFieldsTest, ListsMessagesByIndexAndMapsByKey) {
  const Values expected = {{"inners[0].rate", "2"},
                           {"inners[1]", "{}"},
                           {"weights[\"a\"]", "0"},
                           {"weights[\"b\"]", "1.5"},
                           {"weights[\"c\"]", "3"}};
  EXPECT_EQ(FrozenFields(Parse("inners { rate: 2 } inners {} weights { key: 'c' value: 3 } "
                               "weights { key: 'a' value: 0 } weights { key: 'b' value: 1.5 }"),
                         ""),
            expected);
  EXPECT_EQ(FrozenFields(Parse("weights { key: 'b' value: 1.5 } weights { key: 'a' value: 0 } "
                               "weights { key: 'c' value: 3 } inners { rate: 2 } inners { rate: 0.5 }"),
                         ""),
            expected);
}

TEST(ClearDefaultsTest, WhatHasTheSameFrozenFieldsIsTheSame) {
  Sample said = Parse(
      "int32_value: 7 int64_value: 3 float_value: 0.1 color: GREEN string_value: 'none' sizes: [1] inner { rate: 0.5 "
      "deeper { rate: 0.25 deeper {} } } inners { rate: 0.5 } inners { rate: 2 } first { rate: 0.5 }");
  const Sample unsaid =
      Parse("int64_value: 3 sizes: [1] inner { deeper { rate: 0.25 } } inners {} inners { rate: 2 } first {}");
  ASSERT_EQ(FrozenFields(said, ""), FrozenFields(unsaid, ""));
  ASSERT_NE(said.SerializeAsString(), unsaid.SerializeAsString());
  ClearDefaults(said);
  EXPECT_EQ(said.DebugString(), unsaid.DebugString());
}

TEST(ClearDefaultsTest, KeepsFreeFieldsAndChoices) {
  Sample sample = Parse("place: '' plain: 0 inner { workers: 1 }");
  const std::string before = sample.DebugString();
  ClearDefaults(sample);
  EXPECT_EQ(sample.DebugString(), before);
}

TEST(ClearDefaultsTest, AnExtensionStaysThoughItBecomesEmpty) {
  fields_test::Holder holder;
  holder.mutable_kind()->MutableExtension(fields_test::wide)->set_width(8);
  ClearDefaults(holder);
  EXPECT_EQ(holder.ShortDebugString(), "kind { [baton.fields_test.wide] { } }");
}

TEST(NearestNameTest, TakesTheNearestThatIsNearEnough) {
  const std::vector<std::string> names = {"max_epochs", "batch_size", "device", "tanh"};
  EXPECT_EQ(NearestName("max_epoch", names), "max_epochs");
  EXPECT_EQ(NearestName("bacth_size", names), "batch_size");
  EXPECT_EQ(NearestName("thna", names), "");
  EXPECT_EQ(NearestName("TNAH", names), "tanh");
  EXPECT_EQ(NearestName("devise", names), "device");
  EXPECT_EQ(NearestName("tan", names), "tanh");
  EXPECT_EQ(NearestName("momentum", names), "");
  EXPECT_EQ(NearestName("x", {}), "");
  EXPECT_EQ(NearestName("", names), "");
}

}  // namespace
}  // namespace baton
