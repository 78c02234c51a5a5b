#include "models/config_registry.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/fields.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "models/config_registry_test.pb.h"

namespace baton {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

void CheckOwn(const registry_test::OwnConfig& config, const DataDescription& data, absl::string_view path,
              ConfigProblems& problems) {
  problems.Expect(config.width() > 0, absl::StrCat(path, ".width"), config.width(), "at least 1");
  if (!data.feature_shape.empty()) problems.Add(absl::StrCat(path, " takes no pictures"));
}

const ConfigRegistration<registry_test::OwnConfig> own({.targets = {TargetKind::kClass},
                                                        .example = ".width=8",
                                                        .code = "//own:code",
                                                        .metrics = {{"error", /*higher_is_better=*/false}}},
                                                       CheckOwn);

DataDescription Classes() { return {.target = TargetKind::kClass, .said_by = "the form says so"}; }
DataDescription Numbers() { return {.target = TargetKind::kNumber, .said_by = "the form says so"}; }

std::string Problem(const std::string& text, const DataDescription& data) {
  ModelConfig config;
  EXPECT_THAT(ParseTextMessage(text, "model", config), IsOk());
  ConfigProblems problems;
  CheckModelConfig(config, data, "train.model", problems);
  return std::string(problems.ToStatus().message());
}

TEST(CheckModelConfig, OfBatonsOwnAndTheUsers) {
  EXPECT_EQ(Problem("linear {}", Numbers()), "");
  EXPECT_EQ(Problem("linear {}", {}), "");
  EXPECT_EQ(Problem("[baton.registry_test.own] {}", Classes()), "");
  EXPECT_EQ(Problem("[baton.registry_test.own] { width: 0 }", Classes()),
            "train.model.[baton.registry_test.own].width is 0; expected at least 1");
  DataDescription pictures = Classes();
  pictures.feature_shape = {1, 8, 8};
  EXPECT_EQ(Problem("[baton.registry_test.own] {}", pictures),
            "train.model.[baton.registry_test.own] takes no pictures");
}

TEST(CheckModelConfig, SaysWhatFitsInstead) {
  EXPECT_EQ(Problem("linear {}", Classes()),
            "train.model.linear predicts a number, but the target is a class (the form says so); choose "
            "train.model.logistic={} or train.model.mlp.hidden_sizes=[64] or "
            "train.model.convnet.channels=[16,32] or train.model.[baton.registry_test.own].width=8");
  EXPECT_EQ(Problem("[baton.registry_test.own] {}", Numbers()),
            "train.model.[baton.registry_test.own] predicts a class, but the target is a number (the form says so); "
            "choose train.model.linear={} or train.model.mlp.hidden_sizes=[64] or "
            "train.model.convnet.channels=[16,32]");
  EXPECT_EQ(Problem("", Numbers()),
            "train.model is not chosen; choose train.model.linear={} or train.model.mlp.hidden_sizes=[64] or "
            "train.model.convnet.channels=[16,32]");
}

TEST(CheckModelConfig, RefusesTwoAndWhatIsNoModel) {
  EXPECT_EQ(Problem("linear {} [baton.registry_test.own] {}", Numbers()),
            "train.model holds linear and [baton.registry_test.own]; leave only one of them");
  EXPECT_THAT(Problem("[baton.registry_test.unregistered] {}", Classes()),
              HasSubstr("train.model.[baton.registry_test.unregistered] was never registered"));
  EXPECT_THAT(Problem("[baton.registry_test.number]: 3", Classes()), HasSubstr("was never registered"));
}

TEST(CriterionMetrics, AreThoseOfTheChosenCriterion) {
  CriterionConfig config;
  EXPECT_THAT(CriterionMetrics(config), IsEmpty());
  config.mutable_cross_entropy();
  ASSERT_EQ(CriterionMetrics(config).size(), 1);
  EXPECT_EQ(CriterionMetrics(config)[0].name, "accuracy");
  EXPECT_TRUE(CriterionMetrics(config)[0].higher_is_better);
  config.mutable_mean_squared_error();
  EXPECT_THAT(CriterionMetrics(config), IsEmpty());
  config.clear_kind();
  config.MutableExtension(registry_test::own_criterion);
  ASSERT_EQ(CriterionMetrics(config).size(), 1);
  EXPECT_EQ(CriterionMetrics(config)[0].name, "error");
  EXPECT_FALSE(CriterionMetrics(config)[0].higher_is_better);
}

TEST(NotLinked, SaysWhatToLink) {
  ModelConfig config;
  config.MutableExtension(registry_test::own);
  EXPECT_THAT(
      NotLinked(FindChosenConfig(config, "train.model")),
      StatusIs(absl::StatusCode::kInternal, testing::AllOf(HasSubstr("train.model.[baton.registry_test.own] is known"),
                                                           HasSubstr("add //own:code to"))));
}

}  // namespace
}  // namespace baton
