#include "metadata/record_text.h"

#include "gtest/gtest.h"
#include "metadata/metadata.pb.h"

namespace baton {
namespace {

TEST(ToUtf8, KeepsUtf8AndEscapesTheRest) {
  EXPECT_EQ(ToUtf8("caf\xc3\xa9\n"), "caf\xc3\xa9\n");
  EXPECT_EQ(ToUtf8("caf\xe9"), "caf\\xe9");
}

TEST(FindInvalidText, NamesTheField) {
  Metadata record;
  record.mutable_load()->set_raw_filepath("caf\xc3\xa9");
  record.mutable_load()->add_class_labels("yes");
  EXPECT_EQ(FindInvalidText(record), "");
  record.mutable_load()->add_class_labels("caf\xe9");
  EXPECT_EQ(FindInvalidText(record), "load.class_labels");
}

TEST(FindInvalidText, LooksIntoMessagesListsAndMaps) {
  Metadata record;
  StageRun& stage = *record.mutable_train()->mutable_stage();
  stage.add_attempts();
  (*stage.add_attempts()->mutable_libraries())["torch"] = "\xff";
  EXPECT_EQ(FindInvalidText(record), "train.stage.attempts.libraries.value");
  stage.clear_attempts();
  (*record.mutable_evaluate()->mutable_holdout_performance())["\xff"] = 1;
  EXPECT_EQ(FindInvalidText(record), "evaluate.holdout_performance.key");
}

}  // namespace
}  // namespace baton
