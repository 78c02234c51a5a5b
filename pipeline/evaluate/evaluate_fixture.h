#ifndef BATON_PIPELINE_EVALUATE_EVALUATE_FIXTURE_H_
#define BATON_PIPELINE_EVALUATE_EVALUATE_FIXTURE_H_

#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/temporary_folder.h"
#include "gtest/gtest.h"
#include "pipeline/evaluate/evaluate_stage.h"
#include "pipeline/evaluate/trained_run.h"

namespace baton {

// For tests: an empty run directory, on which evaluate is run.
class EvaluateTest : public testing::Test {
 protected:
  EvaluateTest() {
    options_.run_dir = folder_.path();
    options_.working_folder = folder_.path();
    options_.fs = &fs_;
  }

  absl::Status Run(std::vector<std::string> overrides = {}) {
    options_.overrides = std::move(overrides);
    return RunEvaluate(options_);
  }
  Metadata Record() const { return ReadRecord(options_.run_dir); }
  std::string Path(const std::string& relative) const { return JoinPath(options_.run_dir, relative); }

  const TemporaryFolder folder_;
  FileSystem& fs_ = Unsynced::Get();
  StageOptions options_;
};

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_EVALUATE_FIXTURE_H_
