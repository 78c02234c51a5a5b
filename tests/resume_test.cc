// Killed anywhere and run again, training ends with the same bits: the final model, optimizer, history and holdout
// metrics equal those of a run that was never interrupted. And the controls: with a part of the restoring left out, the
// same comparison fails.
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/pipeline_harness.h"

namespace baton {
namespace {

using testing::IsEmpty;

constexpr int kKilled = 128 + SIGKILL;

// Dropout, shuffling, a schedule, clipping, four shards; an epoch of several steps with snapshots in its middle.
const std::vector<std::string> kOverrides = {"train.gradient_shards=4", "train.clip_norm=1", "train.schedule.cosine={}",
                                             "train.schedule.warmup_steps=3"};

class Training {
 public:
  // Loaded, not yet trained.
  explicit Training(const std::string& name) : folder_(name) {
    const ProcessResult load = folder_.Run("load", kOverrides);
    EXPECT_EQ(load.exit_code, 0) << load.err;
  }

  ProcessResult Train(const std::vector<std::string>& more = {}, const ProcessOptions& options = {}) const {
    std::vector<std::string> arguments = kOverrides;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return folder_.Run("train", arguments, options);
  }

  // The train program that dies at its `call`-th change of a file and leaves `forget` out of the restoring.
  ProcessResult HostileTrain(int call, const std::string& forget = "") const {
    ProcessOptions options;
    options.environment["BATON_KILL_AT"] = absl::StrCat(call);
    if (!forget.empty()) options.environment["BATON_DO_NOT_RESTORE"] = forget;
    return RunProcess({Binary("tests/hostile_train"), absl::StrCat("--run_dir=", folder_.run_dir())}, options);
  }

  // Kills it later and later, each time running on from what the one before left, until it completes or fails. Returns
  // how often it was killed.
  int TrainThroughKills(int first, int stride, const std::string& forget = "") const {
    int kills = 0;
    for (int call = first;; call += stride, ++kills) {
      const ProcessResult result = HostileTrain(call, forget);
      if (result.exit_code == kKilled) continue;
      if (forget.empty()) {
        EXPECT_EQ(result.exit_code, 0) << result.err;
      }
      return kills;
    }
  }

  Metadata Record() const { return folder_.Record(); }

  // Changes one byte in the middle of a file of the run directory.
  void Damage(const std::string& file) const {
    const std::string path = absl::StrCat(folder_.run_dir(), "/", file);
    std::string contents = ReadText(path);
    contents[contents.size() / 2] ^= 1;
    WriteText(path, contents);
  }

  // Folders of the intact snapshots, relative to the run directory.
  std::vector<std::string> Snapshots() const {
    const std::string key_folder = absl::StrCat("train/", Record().train().stage().key());
    std::vector<std::string> snapshots;
    for (const auto& [name, file] : StateOf(absl::StrCat(folder_.run_dir(), "/", key_folder))) {
      if (file.is_folder && !absl::StrContains(name, ".damaged"))
        snapshots.push_back(absl::StrCat(key_folder, "/", name));
    }
    return snapshots;
  }

  std::map<std::string, double> Evaluate() const {
    const ProcessResult evaluate = folder_.Run("evaluate", kOverrides);
    EXPECT_EQ(evaluate.exit_code, 0) << evaluate.err;
    const Metadata record = folder_.Record();
    return {record.evaluate().holdout_performance().begin(), record.evaluate().holdout_performance().end()};
  }

  // Name and content of every file of the final snapshot: model, optimizer, criterion, counters and history.
  std::map<std::string, std::string> FinalState() const {
    std::map<std::string, std::string> files;
    const Metadata record = folder_.Record();
    if (record.train().stage().status() != StageRun::COMPLETE) return files;
    for (const auto& [name, file] :
         StateOf(absl::StrCat(folder_.run_dir(), "/", record.train().last_snapshot().path()))) {
      files[name] = file.contents;
    }
    return files;
  }

 private:
  PipelineFolder folder_;
};

class Resume : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const Training reference("reference");
    const ProcessResult result = reference.Train();
    ASSERT_EQ(result.exit_code, 0) << result.err;
    final_state_ = new auto(reference.FinalState());
    metrics_ = new auto(reference.Evaluate());
    ASSERT_TRUE(final_state_->contains("model.safetensors"));
    ASSERT_TRUE(final_state_->contains("optimizer.safetensors"));
    ASSERT_TRUE(metrics_->contains("accuracy"));
  }

  // Names of the files that differ from the reference's.
  static std::vector<std::string> DifferingFiles(const Training& training) {
    std::vector<std::string> names;
    std::map<std::string, std::string> files = training.FinalState();
    for (const auto& [name, contents] : *final_state_) {
      if (files[name] != contents) names.push_back(name);
    }
    if (files.size() != final_state_->size()) names.push_back("(other files)");
    return names;
  }

  static std::map<std::string, std::string>* final_state_;
  static std::map<std::string, double>* metrics_;
};

std::map<std::string, std::string>* Resume::final_state_ = nullptr;
std::map<std::string, double>* Resume::metrics_ = nullptr;

TEST_F(Resume, KilledAtManyCalls) {
  const Training training("calls");
  // From the first calls on, in the middle of writes and between them, of snapshots and of commits of the record. How
  // many calls there are depends on how many periodic snapshots fall due while another one is written.
  EXPECT_GT(training.TrainThroughKills(2, 5), 15);
  EXPECT_THAT(DifferingFiles(training), IsEmpty());
  EXPECT_EQ(training.Evaluate(), *metrics_);
}

TEST_F(Resume, KilledAtAnyTime) {
  const Training training("times");
  int kills = 0;
  for (int milliseconds = 200; milliseconds < 1200; milliseconds += 70) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    ProcessOptions options;
    options.signal = SIGKILL;
    options.signal_when = [deadline](const std::string&) { return std::chrono::steady_clock::now() > deadline; };
    const int exit_code = training.Train({}, options).exit_code;
    if (exit_code == kKilled) ++kills;
  }
  EXPECT_GT(kills, 0);
  const ProcessResult result = training.Train();
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(DifferingFiles(training), IsEmpty());
  EXPECT_EQ(training.Evaluate(), *metrics_);
}

TEST_F(Resume, OtherNumbersOfWorkers) {
  for (const char* workers : {"1", "2", "3"}) {
    const Training training(absl::StrCat("workers", workers));
    const ProcessResult result = training.Train({absl::StrCat("train.workers=", workers)});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(DifferingFiles(training), IsEmpty()) << workers << " workers";
    EXPECT_EQ(training.Evaluate(), *metrics_);
  }
}

// What damage takes from finished training is made again, from the snapshot before it; with none left it is an error,
// and --start_over the way out.
TEST_F(Resume, DamagedSnapshots) {
  const Training training("damaged");
  const ProcessResult first = training.Train();
  ASSERT_EQ(first.exit_code, 0) << first.err;
  training.Damage(training.Record().train().last_snapshot().path() + "/optimizer.safetensors");
  const ProcessResult again = training.Train();
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.err, testing::HasSubstr("set aside"));
  EXPECT_TRUE(training.Record().train().stage().attempts(1).has_resumed_from_step());
  EXPECT_THAT(DifferingFiles(training), IsEmpty());

  for (const std::string& snapshot : training.Snapshots()) training.Damage(snapshot + "/model.safetensors");
  for (int i = 0; i < 2; ++i) {
    const ProcessResult none_left = training.Train();
    EXPECT_EQ(none_left.exit_code, 65) << none_left.err;
    EXPECT_THAT(none_left.err, testing::HasSubstr("--start_over"));
  }
  const ProcessResult anew = training.Train({"--start_over"});
  ASSERT_EQ(anew.exit_code, 0) << anew.err;
  EXPECT_THAT(DifferingFiles(training), IsEmpty());
  EXPECT_EQ(training.Evaluate(), *metrics_);
}

class Control : public Resume, public testing::WithParamInterface<std::string> {};

TEST_P(Control, TheComparisonFailsWithoutRestoring) {
  const Training training(absl::StrCat("without_", GetParam()));
  EXPECT_GT(training.TrainThroughKills(2, 7, GetParam()), 5);
  EXPECT_THAT(DifferingFiles(training), testing::Not(IsEmpty()));
}

INSTANTIATE_TEST_SUITE_P(Parts, Control, testing::Values("moments", "step", "epoch_sums", "data_position"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace baton
