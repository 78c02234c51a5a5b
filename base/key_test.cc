#include "base/key.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(KeyTest, IsTheBeginningOfTheSha256OfItsLines) {
  KeyInputs inputs;
  // printf '' | sha256sum
  EXPECT_EQ(inputs.Key(), "e3b0c44298fc1c14");
  inputs.Add("raw_file", "abc");
  inputs.Add({{"load.task", "REGRESSION"}, {"load.target_column", "\"y\""}});
  // printf 'raw_file=abc\nload.task=REGRESSION\nload.target_column="y"\n' | sha256sum
  EXPECT_EQ(inputs.Key(), "107c0d5c90ff9b4b");
  EXPECT_THAT(inputs.values(), ElementsAre(FieldValue("raw_file", "abc"), FieldValue("load.task", "REGRESSION"),
                                           FieldValue("load.target_column", "\"y\"")));
}

TEST(KeyTest, DependsOnOrderNamesAndValues) {
  const auto key = [](const std::vector<FieldValue>& values) {
    KeyInputs inputs;
    inputs.Add(values);
    return inputs.Key();
  };
  EXPECT_NE(key({{"a", "1"}, {"b", "2"}}), key({{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(key({{"a", "1"}}), key({{"a", "2"}}));
  EXPECT_NE(key({{"a", "1"}}), key({{"b", "1"}}));
}

TEST(DescribeChangesTest, ListsEveryDifferenceOnce) {
  EXPECT_THAT(DescribeChanges({{"a", "1"}, {"b", "2"}, {"c", "3"}}, {{"d", "5"}, {"c", "4"}, {"a", "1"}}),
              ElementsAre("b: 2 -> (not set)", "c: 3 -> 4", "d: (not set) -> 5"));
  EXPECT_THAT(DescribeChanges({{"a", "1"}}, {{"a", "1"}}), IsEmpty());
}

}  // namespace
}  // namespace baton
