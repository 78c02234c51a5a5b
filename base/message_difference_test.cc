#include "base/message_difference.h"

#include <cmath>

#include "base/history.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {

// For the messages of gtest and for ElementsAre.
bool operator==(const MessageFieldDifference& a, const MessageFieldDifference& b) {
  return a.field == b.field && a.a == b.a && a.b == b.b;
}
void PrintTo(const MessageFieldDifference& difference, std::ostream* out) {
  *out << difference.field << ": " << difference.a.value_or("-") << " -> " << difference.b.value_or("-");
}

namespace {

using Difference = MessageFieldDifference;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

Measurement Epoch() {
  Measurement epoch;
  epoch.set_epoch_index(0);
  epoch.set_train_loss(0.1);
  (*epoch.mutable_validation_metrics())["accuracy"] = 0.5;
  return epoch;
}

TEST(DifferentFields, EqualMessagesHaveNone) {
  Measurement a = Epoch();
  EXPECT_THAT(DifferentFields(a, a), ElementsAre());
  a.set_train_loss(NAN);
  EXPECT_THAT(DifferentFields(a, a), ElementsAre());
}

TEST(DifferentFields, ChangedFieldsGiveBothValues) {
  Measurement b = Epoch();
  b.set_train_loss(0.25);
  EXPECT_THAT(DifferentFields(Epoch(), b), ElementsAre(Difference{"train_loss", "0.1", "0.25"}));
}

TEST(DifferentFields, AbsentIsNotZero) {
  Measurement b = Epoch();
  b.clear_epoch_index();
  b.set_validation_loss(0);
  EXPECT_THAT(DifferentFields(Epoch(), b), UnorderedElementsAre(Difference{"epoch_index", "0", std::nullopt},
                                                                Difference{"validation_loss", std::nullopt, "0"}));
}

TEST(DifferentFields, MapsAreComparedByKey) {
  Measurement a = Epoch();
  Measurement b = Epoch();
  (*a.mutable_validation_metrics())["log_loss"] = 2;
  (*b.mutable_validation_metrics())["accuracy"] = 0.75;
  (*b.mutable_validation_metrics())["macro_f1"] = 1;
  EXPECT_THAT(DifferentFields(a, b),
              UnorderedElementsAre(Difference{"validation_metrics[\"accuracy\"]", "0.5", "0.75"},
                                   Difference{"validation_metrics[\"log_loss\"]", "2", std::nullopt},
                                   Difference{"validation_metrics[\"macro_f1\"]", std::nullopt, "1"}));
}

}  // namespace
}  // namespace baton
