#ifndef BATON_TESTS_SMALL_PIPELINE_H_
#define BATON_TESTS_SMALL_PIPELINE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "metadata/metadata.pb.h"
#include "pipeline/train/train_stage.h"
#include "tests/fault_harness.h"

namespace baton {

// The pipeline on which faults are tried: small, so that it can be run thousands of times, and with all of training
// whose loss on the way would change the bits: dropout, shuffling, several micro-batches, clipping, moments, a
// plateau schedule with a warmup, an average of the weights, early stopping, and snapshots between the ends of epochs.
// Its stages run within the test's process.
class SmallPipeline {
 public:
  // In an empty folder of its own: in memory where there is /dev/shm, else below TEST_TMPDIR. `overrides`, as in
  // "train.max_steps=17", hold for all stages.
  explicit SmallPipeline(std::vector<std::string> overrides = {});
  ~SmallPipeline();
  SmallPipeline(const SmallPipeline&) = delete;
  SmallPipeline& operator=(const SmallPipeline&) = delete;

  // A stage as a subject for faults: before it, the stages that it needs are complete.
  Subject Load() const;
  Subject Train(const TrainHooks& hooks = {}) const;
  Subject Evaluate() const;

  // The folder in which the subjects work, and what is in it.
  std::string work() const { return work_; }
  std::string run_dir() const { return work_ + "/run"; }
  std::string config() const { return work_ + "/config.textproto"; }
  StageOptions Options(FileSystem& fs) const;

 private:
  // A subject that begins with a copy of what is in the folder now.
  Subject FromHere(absl::string_view stage, std::function<absl::Status(FileSystem&)> work) const;

  const std::string folder_;
  const std::string work_;
  const std::vector<std::string> overrides_;
};

// All that stands in a run directory under a final name and does not verify, and all that the record names as complete
// and is not there with its digest; one line each.
std::vector<std::string> FindTorn(const std::string& run_dir);

// What a stage ("load", ...) has come to: its section of the record but for times, places and attempts, and every byte
// of the files that it names. Empty where it is not complete.
Result StageResult(const std::string& run_dir, absl::string_view stage);

// A new folder, empty: in memory where there is /dev/shm, else below TEST_TMPDIR.
std::string NewFolder();

// The newest generation.
Metadata ReadRecordOf(const std::string& run_dir);

}  // namespace baton

#endif  // BATON_TESTS_SMALL_PIPELINE_H_
