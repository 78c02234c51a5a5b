#include "models/criterion_registry.h"

namespace baton {

absl::StatusOr<std::unique_ptr<Criterion>> BuildCriterion(const CriterionConfig& config, const DataShape& shape) {
  return BuildChosen<Criterion>(config, shape, "train.criterion", &CheckCriterionConfig);
}

}  // namespace baton
