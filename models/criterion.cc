#include "models/criterion.h"

#include "models/cross_entropy.h"
#include "models/mean_squared_error.h"

namespace baton {

absl::StatusOr<std::unique_ptr<Criterion>> BuildCriterion(const CriterionConfig& config, const DataShape& shape) {
  switch (config.kind_case()) {
    case CriterionConfig::kCrossEntropy:
      return BuildCrossEntropy(config.cross_entropy(), shape);
    case CriterionConfig::kMeanSquaredError:
      return BuildMeanSquaredError(config.mean_squared_error(), shape);
    case CriterionConfig::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("train.criterion is not set; choose cross_entropy {} or mean_squared_error {}");
}

}  // namespace baton
