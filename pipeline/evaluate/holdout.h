#ifndef BATON_PIPELINE_EVALUATE_HOLDOUT_H_
#define BATON_PIPELINE_EVALUATE_HOLDOUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "base/safetensors.h"
#include "data/dataset.pb.h"

namespace baton {

// The holdout split, and what its targets are measured against.
struct Holdout {
  // As ReadSplit gives them: "features", "target", "row".
  std::vector<HostTensor> tensors;
  int64_t rows = 0;

  // Of a classification.
  int64_t classes = 0;
  std::vector<int64_t> target_classes;
  // Rows of each class in the training split.
  std::vector<uint64_t> train_counts;

  // Of a regression, in the target's own units: value = number * target_scale + target_mean.
  double target_mean = 0;
  double target_scale = 1;
  std::vector<double> targets;
  // Mean target of the training split.
  double train_mean = 0;
};

// Reads the holdout of the dataset whose index is `dataset` from its folder, every byte verified against the index.
// InvalidArgument if it has no rows.
absl::StatusOr<Holdout> ReadHoldout(FileSystem& fs, const std::string& folder, const Dataset& dataset);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_HOLDOUT_H_
