// A run that is finished is done again from its record alone, and what comes out is compared bit for bit: however it
// was killed, resumed, trained on and changed on its way.

#include <signal.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata/store.h"
#include "nlohmann/json.hpp"
#include "tests/pipeline_harness.h"

namespace baton {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ProcessResult Reproduce(const PipelineFolder& pipeline, std::vector<std::string> arguments = {},
                        const ProcessOptions& options = {}) {
  arguments.insert(arguments.begin(),
                   {Binary("pipeline/reproduce/reproduce"), absl::StrCat("--run_dir=", pipeline.run_dir())});
  return RunProcess(arguments, options);
}

// A run of the chain that is expected to complete.
void Complete(const PipelineFolder& pipeline, const std::vector<std::string>& arguments = {}) {
  const ProcessResult result = pipeline.Run("run", arguments);
  ASSERT_EQ(result.exit_code, 0) << result.err;
}

void ExpectReproduced(const PipelineFolder& pipeline) {
  const ProcessResult result = Reproduce(pipeline);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("REPRODUCED: all"));
}

// The path of the best snapshot's weights, as the record has it.
std::string Weights(const PipelineFolder& pipeline) {
  return pipeline.Record().train().best_snapshot().path() + "/model.safetensors";
}

std::vector<std::string> Replays(const PipelineFolder& pipeline) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(pipeline.path(""))) {
    const std::string name = entry.path().filename().string();
    if (name.find(".replay-") != std::string::npos) names.push_back(name);
  }
  return names;
}

TEST(Reproduce, EveryProductOfARun) {
  const PipelineFolder pipeline("every_product");
  Complete(pipeline);
  const FolderState before = StateOf(pipeline.run_dir());
  const ProcessResult result = Reproduce(pipeline, {"--format=json"});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(Differences(before, StateOf(pipeline.run_dir())), IsEmpty());
  EXPECT_THAT(Replays(pipeline), IsEmpty());

  const json report = json::parse(result.out);
  const Metadata record = pipeline.Record();
  EXPECT_EQ(report["reproduced"], true);
  EXPECT_EQ(report["run_id"], record.run().run_id());
  EXPECT_EQ(report["head"], record.sha256());
  EXPECT_EQ(report["deviations"], json::array());
  EXPECT_EQ(report["products"].size(),
            record.load().outputs_size() + record.train().model_artifacts_size() + record.evaluate().outputs_size());
  for (const json& product : report["products"]) {
    EXPECT_EQ(product["result"], "equal") << product;
    EXPECT_EQ(product["original"], "intact") << product;
    EXPECT_EQ(product["recorded_sha256"], product["replayed_sha256"]);
  }
}

TEST(Reproduce, WithTheRawFileElsewhereAndOtherWorkers) {
  const PipelineFolder pipeline("elsewhere");
  Complete(pipeline);
  const std::string moved = pipeline.path("moved.csv"), into = pipeline.path("again");
  std::filesystem::rename(pipeline.table(), moved);
  EXPECT_EQ(Reproduce(pipeline).exit_code, 66);
  const ProcessResult result = Reproduce(
      pipeline, {"--raw_file=" + moved, "--into=" + into, "--workers=2", "--head=" + pipeline.Record().sha256()});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_TRUE(std::filesystem::exists(into + "/train"));
  // What is there is another raw file.
  WriteText(pipeline.table(), TableText(121));
  const ProcessResult other = Reproduce(pipeline);
  EXPECT_EQ(other.exit_code, 65);
  EXPECT_THAT(other.err,
              AllOf(HasSubstr("is not the raw file"), HasSubstr(pipeline.Record().load().raw_file_sha256())));
}

TEST(Reproduce, NamesAnAlteredWeight) {
  const PipelineFolder pipeline("altered");
  Complete(pipeline);
  const std::string path = pipeline.run_dir() + "/" + Weights(pipeline);
  std::string bytes = ReadText(path);
  bytes[bytes.size() - 1] ^= 1;  // of the last element of the last tensor
  WriteText(path, bytes);
  const ProcessResult result = Reproduce(pipeline);
  EXPECT_EQ(result.exit_code, 65);
  EXPECT_THAT(result.out, AllOf(HasSubstr("equal, ALTERED since it was recorded"), HasSubstr("tensor \""),
                                HasSubstr("elements differ)"), HasSubstr("NOT REPRODUCED: 1 of")));
  EXPECT_THAT(result.err, HasSubstr(Weights(pipeline)));
  // Kept for a look.
  EXPECT_THAT(Replays(pipeline), Not(IsEmpty()));
}

TEST(Reproduce, NamesADigestThatIsNotThatOfTheReplay) {
  const PipelineFolder pipeline("other_digest");
  Complete(pipeline);
  const std::string weights = Weights(pipeline);
  ASSERT_OK_AND_ASSIGN(const auto store, MetadataStore::Open(FileSystem::Posix(), pipeline.run_dir(), ""));
  ASSERT_THAT(store->Commit(SectionOwner::kTrain,
                            [&weights](Metadata& record) {
                              for (Artifact& artifact : *record.mutable_train()->mutable_model_artifacts()) {
                                if (artifact.path() == weights) artifact.set_sha256(std::string(64, '0'));
                              }
                              return absl::OkStatus();
                            }),
              IsOk());
  const ProcessResult result = Reproduce(pipeline);
  EXPECT_EQ(result.exit_code, 65);
  EXPECT_THAT(result.out, AllOf(HasSubstr("DIFFERS"), HasSubstr("it is the record that says otherwise")));
  // What comes after it depends on it.
  EXPECT_THAT(result.out, HasSubstr("not replayed"));
}

TEST(Reproduce, ARunThatWasKilledAndResumed) {
  const PipelineFolder pipeline("killed");
  ProcessOptions options;
  options.signal = SIGKILL;
  options.signal_when = [&pipeline](const std::string&) { return pipeline.HasSnapshot(); };
  // The stage itself: killed with `run`, it may outlive it by a moment.
  ASSERT_EQ(pipeline.Run("load").exit_code, 0);
  ASSERT_EQ(pipeline.Run("train", {"train.max_epochs=200"}, options).exit_code, 128 + SIGKILL);
  Complete(pipeline, {"train.max_epochs=200"});
  ASSERT_EQ(pipeline.Record().train().stage().attempts_size(), 2);
  ExpectReproduced(pipeline);
}

TEST(Reproduce, ARunThatWasTrainedOn) {
  const PipelineFolder pipeline("trained_on");
  const std::vector<std::string> schedule = {"train.schedule.cosine.final_factor=0.5"};
  Complete(pipeline, schedule);
  Complete(pipeline, {schedule[0], "train.max_epochs=6"});
  ASSERT_EQ(pipeline.Record().train().history_size(), 6);
  ExpectReproduced(pipeline);
}

TEST(Reproduce, EarlyStoppingAverageAndPlateau) {
  const PipelineFolder pipeline("early_stopping");
  Complete(pipeline, {"train.max_epochs=200", "train.early_stopping.patience=2", "train.early_stopping.min_delta=0.01",
                      "train.ema.decay=0.9", "train.schedule.plateau.patience=1", "train.selection_metric=accuracy"});
  ASSERT_EQ(pipeline.Record().train().stop_reason(), TrainSection::EARLY_STOPPING);
  ExpectReproduced(pipeline);
}

TEST(Reproduce, ARunThatWasChangedOnItsWay) {
  const PipelineFolder pipeline("amended");
  ASSERT_EQ(pipeline.Run("load").exit_code, 0);
  ASSERT_EQ(pipeline.Run("train", {"--stop_at_step=7"}).exit_code, 75);
  const std::string rate = "train.optimizer.learning_rate=0.002";
  const std::string allowed = "--allow_changes=train.optimizer.learning_rate";
  ASSERT_EQ(pipeline.Run("train", {rate, allowed, "--stop_at_step=12"}).exit_code, 75);
  Complete(pipeline, {rate, "train.clip_norm=0.5", "--allow_changes=train.clip_norm"});
  ASSERT_EQ(pipeline.Record().run().amendments_size(), 2);
  ExpectReproduced(pipeline);
}

TEST(Reproduce, ARunThatBeganWithOthersWeights) {
  const PipelineFolder source("source"), pipeline("fine_tuned");
  Complete(source);
  Complete(pipeline, {"seed=6", "train.initial_weights.snapshot=" + source.run_dir()});
  ExpectReproduced(pipeline);
  const ProcessResult unused = Reproduce(source, {"--initial_weights=" + pipeline.run_dir()});
  EXPECT_EQ(unused.exit_code, 64);
  EXPECT_THAT(unused.err, HasSubstr("drawn from its seed"));
  const std::string moved = source.path("moved");
  std::filesystem::rename(source.run_dir(), moved);
  const ProcessResult missing = Reproduce(pipeline);
  EXPECT_EQ(missing.exit_code, 66);
  EXPECT_THAT(missing.err, HasSubstr("--initial_weights"));
  const ProcessResult result = Reproduce(pipeline, {"--initial_weights=" + moved});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const ProcessResult other = Reproduce(pipeline, {"--initial_weights=" + pipeline.run_dir()});
  EXPECT_EQ(other.exit_code, 65);
  EXPECT_THAT(other.err, HasSubstr(pipeline.Record().train().initial_weights().sha256()));
}

TEST(Reproduce, AReplayThatWasStoppedGoesOn) {
  const PipelineFolder pipeline("stopped");
  Complete(pipeline, {"train.max_epochs=400"});
  const std::string into = "--into=" + pipeline.path("again");
  ProcessOptions options;
  options.signal_when = [](const std::string& err) { return err.find("reproduce: replays") != std::string::npos; };
  const ProcessResult stopped = Reproduce(pipeline, {into}, options);
  EXPECT_EQ(stopped.exit_code, 75) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr(into));
  const ProcessResult result = Reproduce(pipeline, {into});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

// libtorch takes other kernels under this variable, as it does on another CPU.
TEST(Reproduce, NamesWhatIsOtherwiseHere) {
  const PipelineFolder pipeline("environment");
  Complete(pipeline);
  ProcessOptions options;
  options.environment["ATEN_CPU_CAPABILITY"] = "default";
  const ProcessResult result = Reproduce(pipeline, {"--format=json"}, options);
  const json report = json::parse(result.out);
  EXPECT_EQ(result.exit_code, report["reproduced"] == true ? 0 : 65);
  ASSERT_FALSE(report["deviations"].empty());
  EXPECT_EQ(report["deviations"][0]["stage"], "train");
  EXPECT_EQ(report["deviations"][0]["name"], "cpu_capability");
  EXPECT_EQ(report["deviations"][0]["now"], "DEFAULT");
}

TEST(Reproduce, Usage) {
  const PipelineFolder pipeline("usage");
  EXPECT_EQ(Reproduce(pipeline).exit_code, 66);
  ASSERT_EQ(pipeline.Run("load").exit_code, 0);
  const ProcessResult not_empty = Reproduce(pipeline, {"--into=" + pipeline.path("")});
  EXPECT_EQ(not_empty.exit_code, 64);
  EXPECT_THAT(not_empty.err, HasSubstr("give --into another folder"));
  // A dataset alone is a finished run, begun training is not.
  ExpectReproduced(pipeline);
  ASSERT_EQ(pipeline.Run("train", {"--stop_at_step=2"}).exit_code, 75);
  const ProcessResult unfinished = Reproduce(pipeline);
  EXPECT_EQ(unfinished.exit_code, 64);
  EXPECT_THAT(unfinished.err, HasSubstr("train is not complete, but INTERRUPTED"));
  EXPECT_EQ(Reproduce(pipeline, {"--format=yaml"}).exit_code, 64);
  EXPECT_EQ(RunProcess({Binary("pipeline/reproduce/reproduce")}).exit_code, 64);
  const ProcessResult help = RunProcess({Binary("pipeline/reproduce/reproduce"), "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("Exit codes: 0 all is equal"));
}

}  // namespace
}  // namespace baton
