#include "metadata/record_diff.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Metadata Record(const std::string& text) {
  Metadata record;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &record)) << text;
  return record;
}

// "inputs field: before -> after".
std::vector<std::string> Diff(const std::string& before, const std::string& after) {
  std::vector<std::string> lines;
  for (const FieldChange& change : DiffRecords(Record(before), Record(after))) {
    lines.push_back(absl::StrCat(TopicName(change.topic), " ", change.field, ": ", ChangeText(change)));
  }
  return lines;
}

TEST(RecordDiff, NothingBetweenTheSame) {
  const std::string text = "run { run_id: 'a' } train { history { step_index: 0 train_loss: nan } }";
  EXPECT_THAT(Diff(text, text), IsEmpty());
  EXPECT_THAT(Diff("generation: 1 sha256: 'a'", "generation: 2 sha256: 'b' previous_sha256: 'a'"), IsEmpty());
}

TEST(RecordDiff, NotANumberEqualsItself) {
  EXPECT_THAT(Diff("train { history { step_index: 0 train_loss: nan learning_rate: 1 } }",
                   "train { history { step_index: 0 train_loss: nan learning_rate: 2 } }"),
              ElementsAre("results train.history[0].learning_rate: 1 -> 2"));
}

TEST(RecordDiff, ScalarsTextsEnumsAndTimes) {
  EXPECT_THAT(
      Diff("load { rows: 150 dataset_version: 'x' stage { status: RUNNING } } committed_at { seconds: 1767323045 }",
           "load { dataset_version: 'y' stage { status: COMPLETE } } committed_at { seconds: 1767323046 nanos: 5000000 "
           "}"),
      ElementsAre("versions load.dataset_version: x -> y", "results load.stage.status: RUNNING -> COMPLETE",
                  "results load.rows: 150 -> (not set)",
                  "circumstances committed_at: 2026-01-02T03:04:05Z -> 2026-01-02T03:04:06.005Z"));
}

TEST(RecordDiff, ZeroIsNotAbsent) {
  EXPECT_THAT(Diff("load { rows: 0 }", "load { }"), ElementsAre("results load.rows: 0 -> (not set)"));
}

TEST(RecordDiff, KeyInputsByName) {
  EXPECT_THAT(Diff("train { stage { key_inputs { name: 'a' value: '1' } key_inputs { name: 'b' value: '2' } } }",
                   "train { stage { key_inputs { name: 'c' value: '1' } key_inputs { name: 'b' value: '3' } "
                   "key_inputs { name: 'a' value: '1' } } }"),
              ElementsAre("inputs train.stage.key_inputs[b].value: 2 -> 3",
                          "inputs train.stage.key_inputs[c]: (not set) -> name: \"c\" value: \"1\""));
}

TEST(RecordDiff, ArtifactsByPath) {
  EXPECT_THAT(Diff("load { outputs { path: 'x' size_bytes: 1 } outputs { path: 'y' size_bytes: 2 } }",
                   "load { outputs { path: 'y' size_bytes: 3 } }"),
              ElementsAre("results load.outputs[y].size_bytes: 2 -> 3",
                          "results load.outputs[x]: path: \"x\" size_bytes: 1 -> (not set)"));
}

TEST(RecordDiff, MapsByKey) {
  EXPECT_THAT(Diff("evaluate { holdout_performance { key: 'accuracy' value: 0.5 } "
                   "holdout_intervals { key: 'f1' value { lower: 1 upper: 2 } } }",
                   "evaluate { holdout_performance { key: 'accuracy' value: 0.75 } "
                   "holdout_performance { key: 'f1' value: 1 } "
                   "holdout_intervals { key: 'f1' value { lower: 1 upper: 3 } } }"),
              ElementsAre("results evaluate.holdout_performance[accuracy]: 0.5 -> 0.75",
                          "results evaluate.holdout_performance[f1]: (not set) -> 1",
                          "results evaluate.holdout_intervals[f1].upper: 2 -> 3"));
}

TEST(RecordDiff, MapEntriesOnTheOldSideOnly) {
  EXPECT_THAT(Diff("evaluate { holdout_performance { key: 'accuracy' value: 0.5 } "
                   "holdout_performance { key: 'f1' value: 1 } }",
                   "evaluate { holdout_performance { key: 'accuracy' value: 0.5 } }"),
              ElementsAre("results evaluate.holdout_performance[f1]: 1 -> (not set)"));
}

TEST(RecordDiff, EpochsThatWereAdded) {
  const std::vector<FieldChange> changes =
      DiffRecords(Record("train { history { step_index: 0 } }"),
                  Record("train { history { step_index: 0 } history { step_index: 1 train_loss: 0.5 } }"));
  ASSERT_EQ(changes.size(), 1);
  EXPECT_EQ(changes[0].field, "train.history[1]");
  EXPECT_EQ(changes[0].list, "train.history");
  EXPECT_FALSE(changes[0].before.has_value());
  EXPECT_EQ(changes[0].after, "step_index: 1 train_loss: 0.5");
}

TEST(RecordDiff, AttemptsByIdWithinARunAndByPlaceBetweenRuns) {
  const std::string before =
      "run { run_id: 'a' } train { stage { attempts { attempt_id: 'p' program_version: '1' host: 'h' } } }";
  EXPECT_THAT(Diff(before,
                   "run { run_id: 'a' } train { stage { attempts { attempt_id: 'q' } "
                   "attempts { attempt_id: 'p' program_version: '1' host: 'i' } } }"),
              ElementsAre("circumstances train.stage.attempts[p].host: h -> i",
                          "circumstances train.stage.attempts[q]: (not set) -> attempt_id: \"q\""));
  EXPECT_THAT(
      Diff(before, "run { run_id: 'b' } train { stage { attempts { attempt_id: 'q' program_version: '2' } } }"),
      ElementsAre("versions train.stage.attempts[p].program_version: 1 -> 2", "circumstances run.run_id: a -> b",
                  "circumstances train.stage.attempts[p].attempt_id: p -> q",
                  "circumstances train.stage.attempts[p].host: h -> (not set)"));
}

TEST(RecordDiff, EachFieldOfASectionThatIsOnOneSideOnly) {
  EXPECT_THAT(Diff("", "load { stage { key: 'k' status: COMPLETE } rows: 3 class_labels: 'x' class_labels: 'y' }"),
              ElementsAre("inputs load.stage.key: (not set) -> k", "results load.stage.status: (not set) -> COMPLETE",
                          "results load.rows: (not set) -> 3", "results load.class_labels[0]: (not set) -> x",
                          "results load.class_labels[1]: (not set) -> y"));
}

TEST(RecordDiff, LongValuesAreCutBetweenCharacters) {
  FieldChange change;
  change.before = std::string(99, 'a') + "\u00e9\u00e9";
  EXPECT_EQ(ChangeText(change), std::string(99, 'a') + "... -> (not set)");
}

TEST(RecordDiff, FieldsOfANewerProgram) {
  Metadata before, after;
  after.GetReflection()->MutableUnknownFields(&after)->AddVarint(90, 1);
  const std::vector<FieldChange> changes = DiffRecords(before, after);
  ASSERT_EQ(changes.size(), 1);
  EXPECT_EQ(changes[0].field, "field90");
  EXPECT_EQ(changes[0].after, "unknown to this program");
}

}  // namespace
}  // namespace baton
