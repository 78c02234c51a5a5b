#include "data/vocabulary.h"

#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(VocabularyTest, LabelsAndIdsAnswerEachOther) {
  ASSERT_OK_AND_ASSIGN(const Vocabulary vocabulary, Vocabulary::Create({"10", "9", "b", "\xc3\xa9"}));
  EXPECT_EQ(vocabulary.size(), 4);
  EXPECT_EQ(vocabulary.Id("10"), 0);
  EXPECT_EQ(vocabulary.Id("9"), 1);
  EXPECT_EQ(vocabulary.Id("\xc3\xa9"), 3);
  EXPECT_EQ(vocabulary.Id("a"), std::nullopt);
  EXPECT_EQ(vocabulary.Id("zzz\xff"), std::nullopt);
  EXPECT_EQ(vocabulary.Id(""), std::nullopt);
}

TEST(VocabularyTest, IsAJsonArrayOfStrings) {
  ASSERT_OK_AND_ASSIGN(const Vocabulary vocabulary, Vocabulary::Create({"a\"b", "c\n", "\xc3\xa9"}));
  EXPECT_EQ(vocabulary.ToJson(), "[\"a\\\"b\",\"c\\n\",\"\xc3\xa9\"]\n");
  ASSERT_OK_AND_ASSIGN(const Vocabulary again, Vocabulary::FromJson(vocabulary.ToJson(), "v.json"));
  EXPECT_THAT(again.labels(), ElementsAre("a\"b", "c\n", "\xc3\xa9"));
  ASSERT_OK_AND_ASSIGN(const Vocabulary none, Vocabulary::FromJson("[]", "v.json"));
  EXPECT_EQ(none.size(), 0);
}

TEST(VocabularyTest, RefusesWhatIsNotSortedDistinctText) {
  EXPECT_THAT(Vocabulary::Create({"b", "a"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("label 1")));
  EXPECT_THAT(Vocabulary::Create({"a", "a"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("label 1")));
  EXPECT_THAT(Vocabulary::Create({"\xff"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("UTF-8")));
  for (const absl::string_view json : {"", "{}", "[\"a\"", "[1]", "[\"b\",\"a\"]", "[\"a\"] x", "[\"\xff\"]"}) {
    EXPECT_THAT(Vocabulary::FromJson(json, "v.json"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("v.json: ")));
  }
}

}  // namespace
}  // namespace baton
