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

std::string Overridden(const std::string& assignment, const std::string& before = "") {
  Sample sample = Parse(before);
  const absl::Status status = ApplyOverride(assignment, sample);
  return status.ok() ? sample.ShortDebugString() : status.ToString();
}

TEST(ApplyOverrideTest, SetsEveryType) {
  EXPECT_EQ(Overridden("int32_value=-2147483648"), "int32_value: -2147483648");
  EXPECT_EQ(Overridden("int64_value=9223372036854775807"), "int64_value: 9223372036854775807");
  EXPECT_EQ(Overridden("uint32_value=4294967295"), "uint32_value: 4294967295");
  EXPECT_EQ(Overridden("uint64_value=18446744073709551615"), "uint64_value: 18446744073709551615");
  EXPECT_EQ(Overridden("float_value=0.25"), "float_value: 0.25");
  EXPECT_EQ(Overridden("double_value=1e-3"), "double_value: 0.001");
  EXPECT_EQ(Overridden("bool_value=false"), "bool_value: false");
  EXPECT_EQ(Overridden("color=RED"), "color: RED");
  EXPECT_EQ(Overridden("bytes_value=\"\\377\""), "bytes_value: \"\\377\"");
}

TEST(ApplyOverrideTest, TakesStringsBareOrQuoted) {
  EXPECT_EQ(Overridden("string_value=a=b c"), "string_value: \"a=b c\"");
  EXPECT_EQ(Overridden("string_value="), "string_value: \"\"");
  EXPECT_EQ(Overridden("string_value=\"a\\nb\""), "string_value: \"a\\nb\"");
  EXPECT_THAT(Overridden("string_value=\"a"), HasSubstr("the closing quote is missing"));
}

TEST(ApplyOverrideTest, ReplacesLists) {
  EXPECT_EQ(Overridden("sizes=[64, 32]", "sizes: [1, 2, 3]"), "sizes: 64 sizes: 32");
  EXPECT_EQ(Overridden("sizes=[]", "sizes: [1, 2, 3]"), "");
  EXPECT_EQ(Overridden("names=[a, \"b, ]\\\"\", c d]"), "names: \"a\" names: \"b, ]\\\"\" names: \"c d\"");
  EXPECT_EQ(Overridden("colors=[GREEN,RED]"), "colors: GREEN colors: RED");
  EXPECT_EQ(Overridden("inners=[{rate: 2}, {}, {deeper {rate: 3}}]"),
            "inners { rate: 2 } inners { } inners { deeper { rate: 3 } }");
  for (const char* bad :
       {"sizes=64", "sizes=[64", "sizes=[64,]", "sizes=[64,,32]", "sizes=[[64]", "names=[\"a]", "names=[\"a\\"}) {
    EXPECT_THAT(Overridden(bad), HasSubstr("not a list")) << bad;
  }
}

TEST(ApplyOverrideTest, MakesMessagesOnTheWay) {
  EXPECT_EQ(Overridden("inner.deeper.workers=3"), "inner { deeper { workers: 3 } }");
  EXPECT_EQ(Overridden("inner.rate=2", "inner { rate: 1 workers: 5 }"), "inner { rate: 2 workers: 5 }");
  EXPECT_EQ(Overridden("inner={}", "inner { rate: 1 }"), "inner { }");
  EXPECT_EQ(Overridden("inner={workers: 2 deeper { rate: 3 }}", "inner { rate: 1 }"),
            "inner { workers: 2 deeper { rate: 3 } }");
}

TEST(ApplyOverrideTest, ChoosingAMemberOfAOneofClearsTheOther) {
  EXPECT_EQ(Overridden("second={}", "first { rate: 1 }"), "second { }");
  EXPECT_EQ(Overridden("first.rate=0.75", "second { sharp: true }"), "first { rate: 0.75 }");
  EXPECT_EQ(Overridden("first.workers=2", "first { rate: 1 }"), "first { rate: 1 workers: 2 }");
  EXPECT_EQ(Overridden("plain=4", "second {}"), "plain: 4");
}

TEST(ApplyOverrideTest, NamesWhatWasProbablyMeant) {
  EXPECT_THAT(Overridden("inner.rat=1"), HasSubstr("unknown field inner.rat; did you mean inner.rate?"));
  EXPECT_THAT(Overridden("sharp=true"), HasSubstr("unknown field sharp; did you mean second.sharp?"));
  EXPECT_THAT(Overridden("second.quality=1"), HasSubstr("unknown field second.quality; fields of second: sharp"));
  EXPECT_THAT(Overridden("color=REDD"), HasSubstr("color: \"REDD\" is not one of RED, GREEN; did you mean RED?"));
  EXPECT_THAT(Overridden("inner={rats: 1}"), HasSubstr("Did you mean \"rate\"?"));
}

TEST(ApplyOverrideTest, RefusesWhatDoesNotFitAndChangesNothing) {
  for (const char* bad : {"int32_value=2147483648",
                          "uint32_value=-1",
                          "uint32_value=1.5",
                          "uint32_value=",
                          "uint32_value=0x10",
                          "uint64_value=18446744073709551616",
                          "double_value=abc",
                          "double_value=1e999",
                          "double_value=nan",
                          "double_value=inf",
                          "float_value=1e39",
                          "bool_value=maybe",
                          "color=1",
                          "sizes=[1, x]",
                          "inner=3",
                          "inner",
                          "=3",
                          "",
                          ".=1",
                          "inner.=1",
                          "inner.rate.x=1",
                          "inners.rate=1",
                          "weights={}",
                          "weights=[{}]",
                          "inner={rate: 1} workers {",
                          "uint32_value=1 int32_value: 2"}) {
    Sample sample = Parse("uint32_value: 5 second {} sizes: 9");
    EXPECT_THAT(ApplyOverride(bad, sample), StatusIs(absl::StatusCode::kInvalidArgument, testing::_)) << bad;
    EXPECT_EQ(sample.ShortDebugString(), "uint32_value: 5 second { } sizes: 9") << bad;
  }
}

// What FrozenFields writes, ApplyOverride reads.
TEST(ApplyOverrideTest, ReadsWhatFrozenFieldsWrites) {
  const Sample sample = Parse(
      "int32_value: -1 uint64_value: 3 float_value: 0.3 double_value: 0.30000000000000004 bool_value: false "
      "string_value: 'a\"\\n\\\\ \\001' bytes_value: '\\000\\377' color: RED names: ['x, y', ' '] sizes: [1, 2] "
      "colors: RED inner { deeper { rate: 3 } } first {}");
  Sample copy;
  for (const auto& [name, value] : FrozenFields(sample, "")) {
    EXPECT_THAT(ApplyOverride(name + "=" + value, copy), IsOk());
  }
  EXPECT_EQ(copy.SerializeAsString(), sample.SerializeAsString());
}

std::string Held(const std::string& assignment, const std::string& before = "") {
  fields_test::Holder holder;
  EXPECT_THAT(ParseTextMessage(before, "x", holder), IsOk());
  const absl::Status status = ApplyOverride(assignment, holder);
  return status.ok() ? holder.ShortDebugString() : std::string(status.message());
}

TEST(ApplyOverrideTest, AnExtensionIsNamedInBrackets) {
  EXPECT_EQ(Held("kind.[baton.fields_test.wide].width=3"), "kind { [baton.fields_test.wide] { width: 3 } }");
  EXPECT_EQ(Held("kind.[baton.fields_test.wide]={}"), "kind { [baton.fields_test.wide] { } }");
  EXPECT_EQ(Held("kind.[baton.fields_test.wide]={width: 4}", "kind { [baton.fields_test.wide] { shape: SQUARE } }"),
            "kind { [baton.fields_test.wide] { width: 4 } }");
  EXPECT_EQ(Held("kind={[baton.fields_test.wide] {}}"), "kind { [baton.fields_test.wide] { } }");
}

TEST(ApplyOverrideTest, AChoiceOfAnExtensibleMessageClearsTheOthers) {
  const std::string wide = "kind { common: true [baton.fields_test.wide] { width: 3 } }";
  EXPECT_EQ(Held("kind.[baton.fields_test.tall]={}", wide), "kind { common: true [baton.fields_test.tall] { } }");
  EXPECT_EQ(Held("kind.first={}", wide), "kind { first { } common: true }");
  EXPECT_EQ(Held("kind.plain=2", wide), "kind { plain: 2 common: true }");
  EXPECT_EQ(Held("kind.[baton.fields_test.wide].width=3", "kind { first {} }"),
            "kind { [baton.fields_test.wide] { width: 3 } }");
  EXPECT_EQ(Held("kind.common=false", wide), "kind { common: false [baton.fields_test.wide] { width: 3 } }");
  EXPECT_EQ(Held("kind.[baton.fields_test.wide].shape=SQUARE", wide),
            "kind { common: true [baton.fields_test.wide] { width: 3 shape: SQUARE } }");
}

TEST(ApplyOverrideTest, NamesTheExtensionThatWasProbablyMeant) {
  EXPECT_THAT(Held("kind.[baton.fields_test.wid]={}"), HasSubstr("did you mean kind.[baton.fields_test.wide]?"));
  EXPECT_THAT(Held("kind.wide={}"), HasSubstr("did you mean kind.[baton.fields_test.wide]?"));
  EXPECT_THAT(Held("kind.[baton.fields_test.wide].widht=1"),
              HasSubstr("did you mean kind.[baton.fields_test.wide].width?"));
  EXPECT_THAT(Held("kind.[x.y]={}"),
              AllOf(HasSubstr("known: first, plain, common, [baton.fields_test.tall]"), HasSubstr("linked into it")));
  EXPECT_THAT(Held("kind.[baton.fields_test.wide={}"), HasSubstr("a bracket is not closed"));
  EXPECT_THAT(Held("kind[baton.fields_test.wide]={}"), HasSubstr("kind.[baton.fields_test.wide]"));
  EXPECT_THAT(Held("kind.first.[baton.fields_test.wide]={}"), HasSubstr("unknown field"));
}

TEST(CheckFieldPathTest, TakesFieldsAndMessagesOnTheWay) {
  const auto* type = fields_test::Holder::descriptor();
  for (const char* path :
       {"kind", "kind.first.rate", "kind.[baton.fields_test.wide]", "kind.[baton.fields_test.wide].width"})
    EXPECT_THAT(CheckFieldPath(path, type), IsOk()) << path;
  for (const char* path : {"", "kin", "kind.", "kind.[baton.fields_test.wide].widh", "kind.[", "kind.]", "kind.[]"})
    EXPECT_THAT(CheckFieldPath(path, type), StatusIs(absl::StatusCode::kInvalidArgument, testing::_)) << path;
}

absl::Status ParseError(const std::string& text) {
  Sample sample;
  sample.set_plain(1);
  const absl::Status status = ParseTextMessage(text, "x.textproto", sample);
  EXPECT_EQ(sample.ShortDebugString(), "plain: 1") << "a failed parse changed the message";
  return status;
}

TEST(ParseTextMessageTest, ReplacesWhatWasThere) {
  Sample sample;
  sample.set_int32_value(3);
  EXPECT_THAT(ParseTextMessage("# comment\nplain: 2", "x", sample), IsOk());
  EXPECT_EQ(sample.ShortDebugString(), "plain: 2");
}

TEST(ParseTextMessageTest, SaysWhereAndWhatWasMeant) {
  const auto invalid = [](const std::string& text) {
    return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(text));
  };
  EXPECT_THAT(ParseError("plain: 2\ninner {\n  raet: 1\n}"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("x.textproto:3:7: "), HasSubstr("raet"), HasSubstr("Did you mean \"rate\"?"))));
  EXPECT_THAT(ParseError("second { whatever: 1 }"), invalid("Known: sharp."));
  EXPECT_THAT(ParseError("color: GREAN"), invalid("Did you mean \"GREEN\"?"));
  EXPECT_THAT(ParseError("uint32_value: -1"), invalid("x.textproto:1:15: "));
  EXPECT_THAT(ParseError("uint32_value: 1 uint32_value: 2"), invalid("x.textproto:1:29: "));
  EXPECT_THAT(ParseError("first {} second {}"), invalid("x.textproto:1:"));
  EXPECT_THAT(ParseError("inner {"), invalid("x.textproto:1:"));
  EXPECT_THAT(ParseError("string_value: 'a"), invalid("x.textproto:1:"));
  fields_test::Holder holder;
  EXPECT_THAT(ParseTextMessage("kind { [baton.fields_test.wid] {} }", "x.textproto", holder),
              invalid("Did you mean [baton.fields_test.wide]?"));
  EXPECT_THAT(ParseTextMessage("kind { wide {} }", "x.textproto", holder),
              invalid("Did you mean [baton.fields_test.wide]?"));
  EXPECT_THAT(ParseTextMessage("kind { [acme.deep] {} }", "x.textproto", holder), invalid("linked into it"));
  EXPECT_THAT(ParseTextMessage("kind { [baton.fields_test.wide] { widht: 1 } }", "x.textproto", holder),
              invalid("Did you mean \"width\"?"));
  EXPECT_THAT(ParseTextMessage("kind { [baton.fields_test.wide] { shape: SQARE } }", "x.textproto", holder),
              invalid("Did you mean \"SQUARE\"?"));
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "deeper{";
  EXPECT_THAT(ParseError("inner{" + deep), invalid("x.textproto:1:"));
}

}  // namespace
}  // namespace baton
