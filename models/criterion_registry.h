#ifndef BATON_MODELS_CRITERION_REGISTRY_H_
#define BATON_MODELS_CRITERION_REGISTRY_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "models/config_registry.h"
#include "models/criterion.h"

namespace baton {

// The registry of the criteria's code, as models/model_registry.h is that of the models':
//
//   const CriterionRegistration<HuberConfig> huber(BuildHuber);

// Makes the criterion that `config`, which has passed its check, says for such data. InvalidArgument names a field
// that does not fit, below `path` ("train.criterion.cross_entropy").
template <typename Config>
using CriterionBuilder = absl::StatusOr<std::unique_ptr<Criterion>> (*)(const Config& config, const DataShape& shape,
                                                                        absl::string_view path);

void RegisterCriterion(TypeOf type,
                       std::function<absl::StatusOr<std::unique_ptr<Criterion>>(const google::protobuf::Message&,
                                                                                const DataShape&, absl::string_view)>
                           build);

template <typename Config>
class CriterionRegistration {
 public:
  explicit CriterionRegistration(CriterionBuilder<Config> build) {
    RegisterCriterion(&Config::descriptor,
                      [build](const google::protobuf::Message& config, const DataShape& shape, absl::string_view path) {
                        return build(static_cast<const Config&>(config), shape, path);
                      });
  }
};

// The criterion that is chosen under train.criterion; errors as BuildModel's.
absl::StatusOr<std::unique_ptr<Criterion>> BuildCriterion(const CriterionConfig& config, const DataShape& shape);

}  // namespace baton

#endif  // BATON_MODELS_CRITERION_REGISTRY_H_
