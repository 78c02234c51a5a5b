#ifndef BATON_MODELS_CODE_REGISTRY_H_
#define BATON_MODELS_CODE_REGISTRY_H_

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "google/protobuf/message.h"
#include "models/config_registry.h"
#include "models/model.h"

namespace baton {

// The code behind the configurations of models/config_registry.h: what makes models of them (models/model_registry.h),
// and criteria (models/criterion_registry.h). `Built` is Model or Criterion.

// Makes what `config` says for such data. `config` has passed its check; what remains to be refused is what only the
// data's shape tells: InvalidArgument then names the field, below `path` ("train.model.mlp").
template <typename Built, typename Config>
using Builder = absl::StatusOr<std::unique_ptr<Built>> (*)(const Config& config, const DataShape& shape,
                                                           absl::string_view path);

template <typename Built>
struct CodeEntry {
  TypeOf type;
  std::function<absl::StatusOr<std::unique_ptr<Built>>(const google::protobuf::Message&, const DataShape&,
                                                       absl::string_view)>
      build;
};

// Grows while static objects are made, and is only read from then on.
template <typename Built>
std::vector<CodeEntry<Built>>& CodeRegistry() {
  static std::vector<CodeEntry<Built>>* const registry = new std::vector<CodeEntry<Built>>;
  return *registry;
}

// A static object of this registers a builder.
template <typename Built, typename Config>
class CodeRegistration {
 public:
  explicit CodeRegistration(Builder<Built, Config> build) {
    CodeRegistry<Built>().push_back({&Config::descriptor, [build](const google::protobuf::Message& config,
                                                                  const DataShape& shape, absl::string_view path) {
                                       return build(static_cast<const Config&>(config), shape, path);
                                     }});
  }
};

// What is chosen in `config`, which stands at `path` ("train.model") and passes `check`. InvalidArgument names the
// field that does not fit; Internal the target to link if this program has the chosen configuration and not its code.
template <typename Built, typename Config>
absl::StatusOr<std::unique_ptr<Built>> BuildChosen(const Config& config, const DataShape& shape, absl::string_view path,
                                                   ConfigCheck<Config> check) {
  ConfigProblems problems;
  DataDescription data = DescribeClasses(shape.classes);
  if (shape.features.size() != 1) data.feature_shape = shape.features;
  check(config, data, path, problems);
  RETURN_IF_ERROR(problems.ToStatus());
  const ChosenConfig chosen = FindChosenConfig(config, path);
  for (const CodeEntry<Built>& entry : CodeRegistry<Built>()) {
    if (entry.type() == chosen.message->GetDescriptor()) return entry.build(*chosen.message, shape, chosen.path);
  }
  return NotLinked(chosen);
}

}  // namespace baton

#endif  // BATON_MODELS_CODE_REGISTRY_H_
