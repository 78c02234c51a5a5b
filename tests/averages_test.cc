// Training with an average of the weights, a plateau schedule and a choice by accuracy, from end to end.
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/pipeline_harness.h"

namespace baton {
namespace {

// No epoch is so much better than the first one: the learning rate is halved after each.
const std::vector<std::string> kOverrides = {"train.ema.decay=0.9",
                                             "train.schedule.plateau={patience: 0 factor: 0.5 threshold: 0.999}",
                                             "train.selection_metric=accuracy", "train.optimizer.learning_rate=0.01"};

std::vector<std::string> With(const std::vector<std::string>& more) {
  std::vector<std::string> arguments = kOverrides;
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::string DigestOf(const TrainSection& train, const std::string& path) {
  for (const Artifact& artifact : train.model_artifacts()) {
    if (artifact.path() == path) return artifact.sha256();
  }
  return "";
}

TEST(Averages, AreValidatedChosenAndEvaluated) {
  const PipelineFolder folder("all");
  const ProcessResult result = folder.Run("run", kOverrides);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Metadata record = folder.Record();
  const TrainSection& train = record.train();
  ASSERT_EQ(train.history_size(), 4);
  const double rates[] = {0.01, 0.01, 0.005, 0.0025};
  const Measurement* best = &train.history(0);
  for (int i = 0; i < 4; ++i) {
    EXPECT_DOUBLE_EQ(train.history(i).learning_rate(), rates[i]) << i;
    const double accuracy = train.history(i).validation_metrics().at("accuracy");
    if (accuracy > best->validation_metrics().at("accuracy")) best = &train.history(i);
  }
  const SnapshotReference& chosen = train.best_snapshot();
  EXPECT_EQ(chosen.step_index(), best->step_index());
  EXPECT_EQ(chosen.metric(), best->validation_metrics().at("accuracy"));
  EXPECT_EQ(chosen.validation_loss(), best->validation_loss());
  EXPECT_NE(chosen.model_sha256(), "");
  EXPECT_EQ(chosen.model_sha256(), DigestOf(train, chosen.path() + "/average.safetensors"));
  EXPECT_NE(chosen.model_sha256(), DigestOf(train, chosen.path() + "/model.safetensors"));
  EXPECT_EQ(train.model_version(), "sha256:" + chosen.model_sha256());
  EXPECT_EQ(record.evaluate().snapshot().model_sha256(), chosen.model_sha256());

  // Without the average the same training has the same weights, and other validations.
  const PipelineFolder plain("plain");
  std::vector<std::string> without = kOverrides;
  without.erase(without.begin());
  ASSERT_EQ(plain.Run("run", without).exit_code, 0);
  const TrainSection other = plain.Record().train();
  EXPECT_EQ(DigestOf(other, other.last_snapshot().path() + "/model.safetensors"),
            DigestOf(train, train.last_snapshot().path() + "/model.safetensors"));
  EXPECT_NE(other.history(3).validation_loss(), train.history(3).validation_loss());
}

// Content of the last snapshot's files, by name.
std::map<std::string, std::string> LastSnapshot(const PipelineFolder& folder) {
  std::map<std::string, std::string> files;
  const std::string path = absl::StrCat(folder.run_dir(), "/", folder.Record().train().last_snapshot().path());
  for (const auto& [name, file] : StateOf(path)) files[name] = file.contents;
  return files;
}

TEST(Averages, GoOnAsIfNeverInterrupted) {
  const PipelineFolder whole("whole");
  ASSERT_EQ(whole.Run("load", kOverrides).exit_code, 0);
  ASSERT_EQ(whole.Run("train", kOverrides).exit_code, 0);
  const PipelineFolder parts("parts");
  ASSERT_EQ(parts.Run("load", kOverrides).exit_code, 0);
  for (const char* epochs : {"1", "3", "4"}) {
    const ProcessResult result = parts.Run("train", With({absl::StrCat("train.max_epochs=", epochs)}));
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  ASSERT_TRUE(LastSnapshot(whole).contains("average.safetensors"));
  EXPECT_TRUE(LastSnapshot(whole) == LastSnapshot(parts));
}

TEST(Averages, AnUnknownMetricIsRefusedBeforeAnythingIsWritten) {
  const PipelineFolder folder("unknown");
  for (const char* program : {"run", "load", "train"}) {
    const ProcessResult result = folder.Run(program, {"train.selection_metric=f1"});
    EXPECT_EQ(result.exit_code, 64);
    EXPECT_THAT(result.err, testing::HasSubstr("train.selection_metric is \"f1\"; with this criterion it is one of "
                                               "loss, accuracy"));
    EXPECT_THAT(StateOf(folder.run_dir()), testing::IsEmpty());
  }
}

}  // namespace
}  // namespace baton
