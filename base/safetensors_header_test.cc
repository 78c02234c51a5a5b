// Every rule of a safetensors header, broken.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/safetensors.h"
#include "base/testing/safetensors_testing.h"

namespace baton {
namespace {

using testing::ElementsAre;
using testing::Pair;

absl::Status HeaderError(absl::string_view json, uint64_t buffer_size = 8) {
  return ParseSafetensorsHeader(json, buffer_size).status();
}

TEST(ParseSafetensorsHeaderTest, TakesWhatTheFormatAllows) {
  // Fields in any order, spaces, escapes, tensors in any order, a scalar, a dimension of 0 at both ends and between.
  ASSERT_OK_AND_ASSIGN(
      const SafetensorsHeader header,
      ParseSafetensorsHeader(
          R"({ "z": {"data_offsets": [8, 8], "shape": [3, 0], "dtype": "F64"}, "\u00e9\ud83d\ude00": {"dtype":"F32",
             "shape":[],"data_offsets":[4,8]}, "m":{"dtype":"I8","shape":[0],"data_offsets":[4,4]},
             "b":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},
             "__metadata__":{"":"","dtype":"x"}}      )",
          8));
  std::vector<std::string> names;
  for (const TensorEntry& tensor : header.tensors) names.push_back(tensor.name);
  EXPECT_THAT(names, ElementsAre("a", "b", "m", "\xC3\xA9\xF0\x9F\x98\x80", "z"));
  EXPECT_THAT(header.metadata, ElementsAre(Pair("", ""), Pair("dtype", "x")));
  EXPECT_THAT(header.tensors[4].shape, ElementsAre(3, 0));
  EXPECT_THAT(HeaderError("{}", 0), IsOk());
  EXPECT_THAT(HeaderError(R"({"__metadata__":{}})", 0), IsOk());
}

TEST(ParseSafetensorsHeaderTest, RefusesWhatIsNoStrictJson) {
  for (const char* bad : {"{", "{}x", "{}{}", "{,}", "{\"a\"}", "{} // comment", "{\"a\":nan}", "{'a':1}",
                          "{\"a\":{\"dtype\":\"U8\",}}", "{\"__metadata__\":{\"a\":\"\x01\"}}",
                          "{\"__metadata__\":{\"a\":\"\\x\"}}", "{\"__metadata__\":{\"a\":\"\\ud800\"}}"}) {
    EXPECT_THAT(HeaderError(bad, 0), IsDamage("no well-formed JSON")) << bad;
  }
  for (const char* bad : {"\xFF", "\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    EXPECT_THAT(HeaderError(absl::StrCat("{\"__metadata__\":{\"a\":\"", bad, "\"}}"), 0), IsDamage("UTF-8"));
    EXPECT_THAT(HeaderError(absl::StrCat("{\"__metadata__\":{\"", bad, "\":\"a\"}}"), 0), IsDamage("UTF-8"));
  }
  for (const char* bad : {"", " {}", "[]", "\xEF\xBB\xBF{}", "null", "1"}) {
    EXPECT_THAT(HeaderError(bad, 0), IsDamage("does not begin with {")) << bad;
  }
  EXPECT_THAT(HeaderError(absl::string_view("{}\0\0", 4), 0), IsDamage("NUL"));
  EXPECT_THAT(HeaderError("{}" + std::string(99'999'999, ' '), 0), IsDamage("100000001 bytes"));
  EXPECT_THAT(HeaderError("{}" + std::string(99'999'998, ' '), 0), IsOk());
}

TEST(ParseSafetensorsHeaderTest, RefusesDuplicateKeys) {
  EXPECT_THAT(HeaderError(R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},
                              "\u0061":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})"),
              IsDamage("the key \"a\" stands there twice"));
  EXPECT_THAT(HeaderError(R"({"__metadata__":{},"__metadata__":{}})", 0),
              IsDamage("\"__metadata__\" stands there twice"));
  EXPECT_THAT(HeaderError(R"({"__metadata__":{"k":"1","k":"1"}})", 0),
              IsDamage("__metadata__: the key \"k\" stands there twice"));
  EXPECT_THAT(HeaderError(R"({"a":{"dtype":"U8","dtype":"U8","shape":[8],"data_offsets":[0,8]}})"),
              IsDamage("tensor \"a\": the key \"dtype\" stands there twice"));
}

TEST(ParseSafetensorsHeaderTest, RefusesAnythingOfAnotherShape) {
  // A value for "a" and what is said of it.
  for (const auto& [value, text] : std::vector<std::pair<std::string, std::string>>{
           {"3", "\"a\" is a number, not an object"},
           {"null", "\"a\" is null"},
           {"true", "\"a\" is a boolean"},
           {"\"x\"", "\"a\" is a string"},
           {"[1]", "\"a\" is an array"},
           {"{}", "tensor \"a\": dtype is missing"},
           {R"({"dtype":"U8","data_offsets":[0,8]})", "tensor \"a\": shape is missing"},
           {R"({"dtype":"U8","shape":[8]})", "tensor \"a\": data_offsets is missing"},
           {R"({"dtype":1,"shape":[8],"data_offsets":[0,8]})", "dtype is a number, not a string"},
           {R"({"dtype":["U8"],"shape":[8],"data_offsets":[0,8]})", "dtype is an array, not a string"},
           {R"({"dtype":{},"shape":[8],"data_offsets":[0,8]})", "dtype is an object, not a string"},
           {R"({"dtype":"U8","shape":8,"data_offsets":[0,8]})", "shape is a number, not an array"},
           {R"({"dtype":"U8","shape":null,"data_offsets":[0,8]})", "shape is null, not an array"},
           {R"({"dtype":"U8","shape":["8"],"data_offsets":[0,8]})", "shape holds a string"},
           {R"({"dtype":"U8","shape":[[8]],"data_offsets":[0,8]})", "shape holds an array"},
           {R"({"dtype":"U8","shape":[{}],"data_offsets":[0,8]})", "shape holds an object"},
           {R"({"dtype":"U8","shape":[-8],"data_offsets":[0,8]})", "shape holds a negative number"},
           {R"({"dtype":"U8","shape":[8.0],"data_offsets":[0,8]})", "shape holds a number that is no 64-bit integer"},
           {R"({"dtype":"U8","shape":[8e0],"data_offsets":[0,8]})", "shape holds a number that is no 64-bit integer"},
           {R"({"dtype":"U8","shape":[8],"data_offsets":[0,99999999999999999999]})",
            "data_offsets holds a number that is no 64-bit integer"},
           {R"({"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,8]})", "does not fit 63 bits"},
           {R"({"dtype":"U8","shape":[8],"data_offsets":[0]})", "data_offsets are not two numbers"},
           {R"({"dtype":"U8","shape":[8],"data_offsets":[0,8,8]})", "data_offsets are not two numbers"},
           {R"({"dtype":"U8","shape":[8],"data_offsets":[0,8],"strides":[1]})", "unknown field \"strides\""},
           {R"({"dtype":"F4","shape":[16],"data_offsets":[0,8]})", "type F4 is smaller than a byte"},
           {R"({"dtype":"F6_E2M3","shape":[8],"data_offsets":[0,6]})", "type F6_E2M3 is smaller than a byte"},
           {R"({"dtype":"F6_E3M2","shape":[8],"data_offsets":[0,6]})", "type F6_E3M2 is smaller than a byte"},
           {R"({"dtype":"f32","shape":[2],"data_offsets":[0,8]})", "type \"f32\" is not supported"},
           {R"({"dtype":"C64","shape":[1],"data_offsets":[0,8]})", "type \"C64\" is not supported"},
       }) {
    EXPECT_THAT(HeaderError(absl::StrCat("{\"a\":", value, "}")), IsDamage(text)) << value;
  }
  EXPECT_THAT(HeaderError(R"({"__metadata__":{"k":1}})", 0), IsDamage("__metadata__: \"k\" is a number, not a string"));
  EXPECT_THAT(HeaderError(R"({"__metadata__":{"k":{}}})", 0), IsDamage("\"k\" is an object, not a string"));
  EXPECT_THAT(HeaderError(R"({"__metadata__":{"k":null}})", 0), IsDamage("\"k\" is null"));
  EXPECT_THAT(HeaderError(R"({"__metadata__":"k"})", 0), IsDamage("\"__metadata__\" is a string, not an object"));
  EXPECT_THAT(HeaderError(R"({"__metadata__":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})"),
              IsDamage("__metadata__: \"shape\" is an array, not a string"));
  // However deep it nests, it ends at the first level that does not belong there.
  EXPECT_THAT(HeaderError("{\"a\":" + std::string(10'000'000, '[')), IsDamage("\"a\" is an array"));
  EXPECT_THAT(HeaderError("{\"a\":{\"shape\":" + std::string(10'000'000, '[')), IsDamage("shape holds an array"));
}

TEST(ParseSafetensorsHeaderTest, RefusesRangesThatDoNotCoverTheBuffer) {
  const auto two = [](const char* first, const char* second) {
    return HeaderError(absl::StrCat(R"({"a":{"dtype":"U8",)", first, R"(},"b":{"dtype":"U8",)", second, "}}"));
  };
  EXPECT_THAT(two(R"("shape":[4],"data_offsets":[0,4])", R"("shape":[4],"data_offsets":[4,8])"), IsOk());
  EXPECT_THAT(two(R"("shape":[4],"data_offsets":[0,4])", R"("shape":[3],"data_offsets":[5,8])"),
              IsDamage("tensor \"b\" at [5, 8): there is a gap"));
  EXPECT_THAT(two(R"("shape":[4],"data_offsets":[0,4])", R"("shape":[5],"data_offsets":[3,8])"),
              IsDamage("tensor \"b\" at [3, 8): it overlaps"));
  EXPECT_THAT(two(R"("shape":[8],"data_offsets":[0,8])", R"("shape":[8],"data_offsets":[0,8])"), IsDamage("overlaps"));
  EXPECT_THAT(two(R"("shape":[8],"data_offsets":[0,8])", R"("shape":[0],"data_offsets":[4,4])"), IsDamage("overlaps"));
  EXPECT_THAT(two(R"("shape":[4],"data_offsets":[0,4])", R"("shape":[3],"data_offsets":[4,7])"),
              IsDamage("the tensors cover 7 bytes, but 8 stand behind the header"));
  EXPECT_THAT(two(R"("shape":[4],"data_offsets":[0,4])", R"("shape":[5],"data_offsets":[4,9])"),
              IsDamage("the file has 8 bytes of tensors"));
  EXPECT_THAT(two(R"("shape":[3],"data_offsets":[1,4])", R"("shape":[4],"data_offsets":[4,8])"),
              IsDamage("tensor \"a\" at [1, 4): there is a gap"));
  EXPECT_THAT(two(R"("shape":[4],"data_offsets":[4,0])", R"("shape":[8],"data_offsets":[0,8])"),
              IsDamage("ends before it begins"));
  EXPECT_THAT(HeaderError("{}", 1), IsDamage("the tensors cover 0 bytes, but 1 stand"));
}

TEST(ParseSafetensorsHeaderTest, RefusesSizesThatDoNotFit) {
  const auto one = [](const char* dtype, const char* shape) {
    return HeaderError(absl::StrCat(R"({"a":{"dtype":")", dtype, R"(","shape":)", shape, R"(,"data_offsets":[0,8]}})"));
  };
  EXPECT_THAT(one("F32", "[2]"), IsOk());
  EXPECT_THAT(one("F64", "[]"), IsOk());
  EXPECT_THAT(one("F32", "[3]"), IsDamage("type F32 and shape [3] take 12 bytes"));
  EXPECT_THAT(one("F32", "[0]"), IsDamage("take 0 bytes"));
  EXPECT_THAT(one("BF16", "[2,1,1]"), IsDamage("type BF16 and shape [2, 1, 1] take 4 bytes"));
  // 2^32 * 2^32 and 8 * (2^61 + 1) are 0 and 8 modulo 2^64.
  EXPECT_THAT(one("U8", "[4294967296,4294967296]"), IsDamage("more bytes than 64 bits count"));
  EXPECT_THAT(one("F64", "[2305843009213693953]"), IsDamage("more bytes than 64 bits count"));
  EXPECT_THAT(one("U8", "[4294967296,4294967296,0]"), IsDamage("more bytes than 64 bits count"));
}

TEST(ParseSafetensorsHeaderTest, MessagesStayShortAndUtf8) {
  const std::string name(1'000'000, 'n');
  const absl::Status status = HeaderError(absl::StrCat("{\"", name, "\":1}"));
  EXPECT_LT(status.message().size(), 400);
  EXPECT_LT(HeaderError(absl::StrCat("{\"", name)).message().size(), 400);
}

}  // namespace
}  // namespace baton
