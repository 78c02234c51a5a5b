#ifndef BATON_MODELS_MODEL_REGISTRY_H_
#define BATON_MODELS_MODEL_REGISTRY_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "models/config_registry.h"
#include "models/model.h"

namespace baton {

// The registry of the models' code; models/config_registry.h has their configurations. A static object in a target that
// is alwayslink registers a model:
//
//   absl::StatusOr<std::unique_ptr<Model>> BuildWide(const WideConfig& config, const DataShape& shape,
//                                                    absl::string_view path) { ... }
//   const ModelRegistration<WideConfig> wide(BuildWide);

// Makes the model that `config` says for such data. `config` has passed its check; what remains to be refused is what
// only the data's shape tells: InvalidArgument then names the field, below `path` ("train.model.mlp").
template <typename Config>
using ModelBuilder = absl::StatusOr<std::unique_ptr<Model>> (*)(const Config& config, const DataShape& shape,
                                                                absl::string_view path);

void RegisterModel(TypeOf type,
                   std::function<absl::StatusOr<std::unique_ptr<Model>>(const google::protobuf::Message&,
                                                                        const DataShape&, absl::string_view)>
                       build);

template <typename Config>
class ModelRegistration {
 public:
  explicit ModelRegistration(ModelBuilder<Config> build) {
    RegisterModel(&Config::descriptor,
                  [build](const google::protobuf::Message& config, const DataShape& shape, absl::string_view path) {
                    return build(static_cast<const Config&>(config), shape, path);
                  });
  }
};

// The model that is chosen under train.model. InvalidArgument names the field of the configuration that does not fit;
// Internal the target to link if this program has the configuration of a model and not its code.
absl::StatusOr<std::unique_ptr<Model>> BuildModel(const ModelConfig& config, const DataShape& shape);

}  // namespace baton

#endif  // BATON_MODELS_MODEL_REGISTRY_H_
