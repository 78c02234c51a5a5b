#ifndef BATON_MODELS_CRITERION_REGISTRY_H_
#define BATON_MODELS_CRITERION_REGISTRY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "models/code_registry.h"
#include "models/criterion.h"

namespace baton {

// A static object in a target that is alwayslink registers the code of a criterion, as that of a model:
//
//   const CriterionRegistration<HuberConfig> huber(BuildHuber);
template <typename Config>
using CriterionRegistration = CodeRegistration<Criterion, Config>;

// The criterion that is chosen under train.criterion; errors as BuildChosen's.
absl::StatusOr<std::unique_ptr<Criterion>> BuildCriterion(const CriterionConfig& config, const DataShape& shape);

}  // namespace baton

#endif  // BATON_MODELS_CRITERION_REGISTRY_H_
