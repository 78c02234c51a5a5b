#include "pipeline/evaluate/holdout.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "data/dataset.h"

namespace baton {
namespace {

template <typename Number>
std::vector<Number> Values(const HostTensor& tensor) {
  std::vector<Number> values(tensor.bytes.size() / sizeof(Number));
  std::memcpy(values.data(), tensor.bytes.data(), values.size() * sizeof(Number));
  return values;
}

// The "target" of a split, which ReadSplit has checked against the index.
absl::StatusOr<const HostTensor*> Target(const std::vector<HostTensor>& tensors, DType dtype) {
  for (const HostTensor& tensor : tensors) {
    if (tensor.name == "target" && tensor.dtype == dtype && tensor.shape.size() == 1) return &tensor;
  }
  return absl::DataLossError(
      absl::StrCat("the dataset has no tensor 'target' of one ", DTypeName(dtype), " an example"));
}

// In the target's own units. The index knows it where the target was standardised, which is over the training split.
absl::StatusOr<double> TrainMean(FileSystem& fs, const std::string& folder, const Dataset& dataset) {
  if (dataset.target().has_mean()) return dataset.target().mean();
  ASSIGN_OR_RETURN(const std::vector<HostTensor> tensors, ReadSplit(fs, folder, dataset, kTrainSplit));
  ASSIGN_OR_RETURN(const HostTensor* target, Target(tensors, DType::kF32));
  const std::vector<float> values = Values<float>(*target);
  double sum = 0;
  for (const float value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

absl::StatusOr<Holdout> ReadHoldout(FileSystem& fs, const std::string& folder, const Dataset& dataset) {
  const Split* const split = FindSplit(dataset, kHoldoutSplit);
  if (split == nullptr || split->rows() == 0) {
    return absl::InvalidArgumentError(
        "the dataset has no holdout rows to evaluate on; raise load.split.holdout_fraction and run load and train "
        "again");
  }
  Holdout holdout;
  ASSIGN_OR_RETURN(holdout.tensors, ReadSplit(fs, folder, dataset, kHoldoutSplit));
  holdout.rows = static_cast<int64_t>(split->rows());
  holdout.classes = static_cast<int64_t>(dataset.class_count());
  if (holdout.classes > 0) {
    ASSIGN_OR_RETURN(const HostTensor* target, Target(holdout.tensors, DType::kI64));
    holdout.target_classes = Values<int64_t>(*target);
    if (const Split* const train = FindSplit(dataset, kTrainSplit); train != nullptr) {
      holdout.train_counts.assign(train->class_counts().begin(), train->class_counts().end());
    }
    return holdout;
  }
  ASSIGN_OR_RETURN(const HostTensor* target, Target(holdout.tensors, DType::kF32));
  if (dataset.target().has_mean()) holdout.target_mean = dataset.target().mean();
  if (dataset.target().has_standard_deviation()) holdout.target_scale = dataset.target().standard_deviation();
  for (const float value : Values<float>(*target)) {
    holdout.targets.push_back(value * holdout.target_scale + holdout.target_mean);
  }
  ASSIGN_OR_RETURN(holdout.train_mean, TrainMean(fs, folder, dataset));
  return holdout;
}

}  // namespace baton
