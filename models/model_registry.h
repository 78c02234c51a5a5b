#ifndef BATON_MODELS_MODEL_REGISTRY_H_
#define BATON_MODELS_MODEL_REGISTRY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "models/code_registry.h"
#include "models/model.h"

namespace baton {

// A static object in a target that is alwayslink registers the code of a model; models/config_registry.h has the
// configurations:
//
//   absl::StatusOr<std::unique_ptr<Model>> BuildWide(const WideConfig& config, const DataShape& shape,
//                                                    absl::string_view path) { ... }
//   const ModelRegistration<WideConfig> wide(BuildWide);
template <typename Config>
using ModelRegistration = CodeRegistration<Model, Config>;

// The model that is chosen under train.model; errors as BuildChosen's.
absl::StatusOr<std::unique_ptr<Model>> BuildModel(const ModelConfig& config, const DataShape& shape);

}  // namespace baton

#endif  // BATON_MODELS_MODEL_REGISTRY_H_
