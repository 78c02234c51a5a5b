#include "metadata/ownership.h"

#include <limits>

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using ::testing::HasSubstr;

Metadata Example() {
  Metadata record;
  record.mutable_run()->set_run_id("ab");
  Amendment& amendment = *record.mutable_run()->add_amendments();
  amendment.set_stage("load");
  amendment.set_field("seed");
  record.mutable_load()->set_rows(150);
  record.mutable_train()->set_parameter_count(15);
  (*record.mutable_evaluate()->mutable_holdout_performance())["accuracy"] = 0.9;
  (*record.mutable_evaluate()->mutable_holdout_performance())["log_loss"] = 0.1;
  return record;
}

TEST(Ownership, EachStageMayChangeItsOwnSection) {
  Metadata after = Example();
  after.mutable_load()->set_rows(151);
  EXPECT_THAT(CheckOwnership(Example(), after, SectionOwner::kLoad), IsOk());
  EXPECT_FALSE(SameSections(Example(), after));
  after = Example();
  after.mutable_train()->clear_parameter_count();
  EXPECT_THAT(CheckOwnership(Example(), after, SectionOwner::kTrain), IsOk());
  EXPECT_FALSE(SameSections(Example(), after));
  after = Example();
  after.mutable_evaluate()->mutable_holdout_performance()->erase("accuracy");
  EXPECT_THAT(CheckOwnership(Example(), after, SectionOwner::kEvaluate), IsOk());
  EXPECT_FALSE(SameSections(Example(), after));
}

TEST(Ownership, NamesTheSectionOfAnother) {
  Metadata after = Example();
  after.mutable_load()->set_rows(151);
  EXPECT_THAT(CheckOwnership(Example(), after, SectionOwner::kEvaluate),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("evaluate tried to change the section load")));
  after = Example();
  after.mutable_train()->clear_parameter_count();
  EXPECT_THAT(CheckOwnership(Example(), after, SectionOwner::kLoad),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("load tried to change the section train")));
  after = Example();
  (*after.mutable_evaluate()->mutable_holdout_performance())["accuracy"] = 0.95;
  EXPECT_THAT(CheckOwnership(Example(), after, SectionOwner::kTrain),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("train tried to change the section evaluate")));
}

TEST(Ownership, AnUnsetFieldIsNotZero) {
  Metadata before = Example();
  before.mutable_load()->clear_rows();
  Metadata after = before;
  after.mutable_load()->set_rows(0);
  EXPECT_THAT(CheckOwnership(before, after, SectionOwner::kTrain),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("")));
}

TEST(Ownership, NotANumberEqualsItself) {
  Metadata record = Example();
  (*record.mutable_evaluate()->mutable_holdout_performance())["r2"] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(CheckOwnership(record, record, SectionOwner::kLoad), IsOk());
  EXPECT_TRUE(SameSections(record, record));
}

TEST(Ownership, NobodyChangesRunButByAddingInItsOwnName) {
  const auto check = [](void (*edit)(RunSection&)) {
    Metadata after = Example();
    edit(*after.mutable_run());
    return CheckOwnership(Example(), after, SectionOwner::kTrain);
  };
  const auto refused = StatusIs(absl::StatusCode::kInternal, HasSubstr("train tried to change the section run"));
  EXPECT_THAT(check([](RunSection& run) { run.set_run_id("cd"); }), refused);
  EXPECT_THAT(check([](RunSection& run) { run.mutable_start_time(); }), refused);
  EXPECT_THAT(check([](RunSection& run) { run.clear_amendments(); }), refused);
  EXPECT_THAT(check([](RunSection& run) { run.mutable_amendments(0)->set_field("x"); }), refused);
  EXPECT_THAT(check([](RunSection& run) { run.add_amendments()->set_stage("load"); }), refused);
  EXPECT_THAT(check([](RunSection& run) { run.add_deviations()->set_stage("evaluate"); }), refused);
  EXPECT_THAT(check([](RunSection& run) { run.add_amendments()->set_stage("train"); }), IsOk());
  EXPECT_THAT(check([](RunSection& run) { run.add_deviations()->set_stage("train"); }), IsOk());
}

TEST(Ownership, AnAddedAmendmentIsAChange) {
  Metadata after = Example();
  after.mutable_run()->add_amendments()->set_stage("train");
  EXPECT_FALSE(SameSections(Example(), after));
  EXPECT_TRUE(SameSections(Example(), Example()));
}

}  // namespace
}  // namespace baton
