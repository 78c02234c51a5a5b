// Training that begins with the weights of another run, as a user does it: train.initial_weights.
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/safetensors.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/pipeline_harness.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

// TableText with a third label, "middle", in every third row.
std::string TableOfThree() {
  std::istringstream lines(TableText(120, /*seed=*/1));
  std::string text, line;
  for (int row = 0; std::getline(lines, line); ++row) {
    if (row > 0 && row % 3 == 0) line = absl::StrReplaceAll(line, {{"left", "middle"}, {"right", "middle"}});
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

// A training that begins with the weights of a complete run, source(), of the same model for other labels.
class FineTuning : public PipelineFolder {
 public:
  explicit FineTuning(const std::string& name) : PipelineFolder(name), source_(name + "_source") {
    const ProcessResult result = source_.Run("run", {"train.ema.decay=0.9"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    WriteText(table(), TableOfThree());
    EXPECT_EQ(Run("load").exit_code, 0);
  }

  const PipelineFolder& source() const { return source_; }
  // Of the snapshot that the source's record names as its model.
  std::string SourceSnapshot() const {
    return absl::StrCat(source_.run_dir(), "/", source_.Record().train().artifact_uri());
  }
  ProcessResult Train(const std::vector<std::string>& more = {}, const std::string& program = "train") const {
    std::vector<std::string> arguments = {absl::StrCat("train.initial_weights.snapshot=", source_.run_dir()),
                                          "train.initial_weights.strict=false"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(program, arguments);
  }
  void HideSource() const { std::filesystem::rename(source_.run_dir(), source_.run_dir() + ".away"); }

 private:
  const PipelineFolder source_;
};

// The last snapshot of a complete training.
std::string LastSnapshot(const PipelineFolder& folder) {
  const Metadata record = folder.Record();
  EXPECT_EQ(record.train().stage().status(), StageRun::COMPLETE);
  return absl::StrCat(folder.run_dir(), "/", record.train().last_snapshot().path());
}

// Each tensor's bytes, by name.
std::map<std::string, std::string> Tensors(const std::string& file) {
  std::map<std::string, std::string> tensors;
  const auto reader = SafetensorsReader::Open(FileSystem::Posix(), file);
  EXPECT_THAT(reader, IsOk());
  if (!reader.ok()) return tensors;
  for (const TensorEntry& entry : (*reader)->tensors()) {
    std::string& bytes = tensors[entry.name];
    bytes.resize(entry.end - entry.begin);
    EXPECT_THAT((*reader)->Read(entry, bytes.data()), IsOk());
  }
  return tensors;
}

std::string WeightsOf(const std::string& snapshot) { return ReadText(snapshot + "/model.safetensors"); }

// With steps too small to move a weight, training ends with what it began with.
const std::vector<std::string> kStandStill = {"train.optimizer.sgd={}", "train.optimizer.learning_rate=1e-30",
                                              "train.max_epochs=1"};

TEST(FineTuningTest, TheBodyBeginsAsTheSourceEndedAndTheHeadAsDrawn) {
  const FineTuning tuning("body");
  const ProcessResult result = tuning.Train(kStandStill);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr("begins with 2 of 4 tensors"), HasSubstr("[2, 8] (here [3, 8])")));
  const auto source = Tensors(tuning.SourceSnapshot() + "/average.safetensors");
  const auto begun = Tensors(LastSnapshot(tuning) + "/model.safetensors");
  const PipelineFolder drawn("drawn");
  WriteText(drawn.table(), TableOfThree());
  ASSERT_EQ(drawn.Run("load").exit_code, 0);
  ASSERT_EQ(drawn.Run("train", kStandStill).exit_code, 0);
  const auto control = Tensors(LastSnapshot(drawn) + "/model.safetensors");
  std::vector<std::string> of_source, of_seed;
  for (const auto& [name, bytes] : begun) {
    if (bytes == source.at(name)) of_source.push_back(name);
    if (bytes == control.at(name)) of_seed.push_back(name);
  }
  EXPECT_THAT(of_source, UnorderedElementsAre("layers.0.weight", "layers.0.bias"));
  EXPECT_THAT(of_seed, UnorderedElementsAre("layers.1.weight", "layers.1.bias"));

  const InitialWeights weights = tuning.Record().train().initial_weights();
  EXPECT_EQ(weights.path(), tuning.source().run_dir());
  EXPECT_EQ(weights.file(), tuning.SourceSnapshot() + "/average.safetensors");
  EXPECT_EQ(absl::StrCat("sha256:", weights.sha256()), tuning.source().Record().train().model_version());
  EXPECT_EQ(weights.run_id(), tuning.source().Record().run().run_id());
  EXPECT_EQ(weights.tensors_loaded(), 2);
  EXPECT_EQ(weights.tensors_drawn(), 2);
}

TEST(FineTuningTest, WhatDoesNotFitIsRefusedBeforeAnythingIsWritten) {
  const FineTuning tuning("strict");
  const FolderState before = StateOf(tuning.run_dir());
  const std::string itself = absl::StrCat("train.initial_weights.snapshot=", tuning.run_dir());
  for (const char* const program : {"run", "train"}) {
    const ProcessResult refused = tuning.Train({"train.initial_weights.strict=true"}, program);
    EXPECT_EQ(refused.exit_code, 64);
    EXPECT_THAT(refused.err, AllOf(HasSubstr("[2, 8] (here [3, 8])"), HasSubstr("strict=false")));
    const ProcessResult circular = tuning.Train({itself}, program);
    EXPECT_EQ(circular.exit_code, 64);
    EXPECT_THAT(circular.err, HasSubstr("this run directory itself"));
    const ProcessResult missing = tuning.Train({"train.initial_weights.snapshot=/nowhere"}, program);
    EXPECT_EQ(missing.exit_code, 66);
    EXPECT_THAT(missing.err, HasSubstr("/nowhere"));
  }
  EXPECT_THAT(Differences(before, StateOf(tuning.run_dir()), {"locks", "cache", "logs", "config.textproto"}),
              IsEmpty());
  // `run` has put it back.
  EXPECT_EQ(ReadText(tuning.run_dir() + "/config.textproto"), before.at("config.textproto").contents);
}

TEST(FineTuningTest, InterruptedItGoesOnWithoutItsSourceToTheSameBits) {
  const FineTuning straight("straight");
  ASSERT_EQ(straight.Train().exit_code, 0);
  const std::string expected = WeightsOf(LastSnapshot(straight));

  const FineTuning tuning("interrupted");
  ASSERT_EQ(tuning.Train({"--stop_at_step=7"}).exit_code, 75);
  const std::string begun_with = tuning.Record().train().initial_weights().DebugString();
  tuning.HideSource();
  const ProcessResult resumed = tuning.Train({}, "run");
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_THAT(resumed.err, AllOf(HasSubstr("is no longer there"), HasSubstr("goes on from step 7")));
  EXPECT_EQ(WeightsOf(LastSnapshot(tuning)), expected);
  EXPECT_EQ(tuning.Record().train().initial_weights().DebugString(), begun_with);
  // Complete, it is skipped; another training needs them.
  EXPECT_THAT(tuning.Train({}, "run").err, HasSubstr("train: complete, skipped"));
  EXPECT_EQ(tuning.Train({"train.batch_size=8"}).exit_code, 66);

  // Without the weights, the bits are others.
  const PipelineFolder drawn("control");
  WriteText(drawn.table(), TableOfThree());
  ASSERT_EQ(drawn.Run("run").exit_code, 0);
  EXPECT_NE(WeightsOf(LastSnapshot(drawn)), expected);
}

// Begun with what the source was, it goes on so when the source has become another, and none of its files are left.
TEST(FineTuningTest, TheSourceIsTrainedOnInBetween) {
  const FineTuning straight("untouched");
  ASSERT_EQ(straight.Train().exit_code, 0);
  const std::string expected = WeightsOf(LastSnapshot(straight));

  const FineTuning tuning("changed");
  ASSERT_EQ(tuning.Train({"--stop_at_step=7"}).exit_code, 75);
  const std::string begun_with = tuning.SourceSnapshot();
  ASSERT_EQ(tuning.source().Run("run", {"train.ema.decay=0.9", "train.max_epochs=8"}).exit_code, 0);
  ASSERT_NE(tuning.SourceSnapshot(), begun_with);
  std::filesystem::remove_all(begun_with);
  const ProcessResult resumed = tuning.Train({}, "run");
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_THAT(resumed.err, AllOf(HasSubstr("has other weights now"), HasSubstr("goes on from step 7")));
  EXPECT_EQ(WeightsOf(LastSnapshot(tuning)), expected);
  EXPECT_THAT(tuning.Train({}, "run").err, AllOf(HasSubstr("train: complete, skipped"), HasSubstr("--start_over")));

  // With the others on request, under another key.
  const std::string key = tuning.Record().train().stage().key();
  const ProcessResult anew = tuning.Train({"--start_over"});
  EXPECT_EQ(anew.exit_code, 0) << anew.err;
  EXPECT_THAT(anew.err, AllOf(HasSubstr("begins with 2 of 4 tensors"), Not(HasSubstr("goes on from"))));
  EXPECT_NE(tuning.Record().train().stage().key(), key);
}

TEST(FineTuningTest, OtherWeightsAreNotTakenInTheMiddle) {
  const FineTuning tuning("other");
  ASSERT_EQ(tuning.Train({"--stop_at_step=7"}).exit_code, 75);
  ASSERT_EQ(tuning.source().Run("run", {"train.ema.decay=0.9", "train.max_epochs=8"}).exit_code, 0);
  const std::string other = "train.initial_weights.snapshot=" + tuning.SourceSnapshot();
  for (const char* const program : {"train", "run"}) {
    const ProcessResult refused = tuning.Train({other}, program);
    EXPECT_EQ(refused.exit_code, 64);
    EXPECT_THAT(refused.err, AllOf(HasSubstr("train.initial_weights.sha256: "), HasSubstr("--start_over"),
                                   Not(HasSubstr("--allow_changes"))));
    const ProcessResult amended = tuning.Train({other, "--allow_changes=train.initial_weights"}, program);
    EXPECT_EQ(amended.exit_code, 64);
    EXPECT_THAT(amended.err, HasSubstr("cannot change after the first step of a training"));
  }
}

TEST(FineTuningTest, ChangedOnItsWayItStillSaysWithWhatItBegan) {
  const FineTuning tuning("amended");
  ASSERT_EQ(tuning.Train({"--stop_at_step=7"}).exit_code, 75);
  const std::string begun_with = tuning.Record().train().initial_weights().DebugString();
  const std::vector<std::string> rate = {"train.optimizer.learning_rate=0.002",
                                         "--allow_changes=train.optimizer.learning_rate"};
  const ProcessResult amended = tuning.Train(rate);
  ASSERT_EQ(amended.exit_code, 0) << amended.err;
  EXPECT_EQ(tuning.Record().run().amendments_size(), 1);
  EXPECT_EQ(tuning.Record().train().initial_weights().DebugString(), begun_with);
}

}  // namespace
}  // namespace baton
