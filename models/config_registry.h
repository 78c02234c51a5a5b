#ifndef BATON_MODELS_CONFIG_REGISTRY_H_
#define BATON_MODELS_CONFIG_REGISTRY_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/config_problems.h"
#include "google/protobuf/message.h"
#include "models/config.pb.h"
#include "models/data_description.h"
#include "models/metric_spec.h"

namespace baton {

// A model or a criterion is two targets: its configuration with the checks of it, which is free of torch and linked
// into every program, since every program reads configurations; and its code (models/model_registry.h,
// models/criterion_registry.h), which only programs that compute need. This is the registry of the configurations.
//
// A configuration is a message that ModelConfig or CriterionConfig holds, as a member of its oneof or as an extension.
// A static object in its target, which is alwayslink, registers it:
//
//   void CheckWide(const WideConfig& config, const DataDescription& data, absl::string_view path,
//                  ConfigProblems& problems) {
//     problems.Expect(config.width() > 0, absl::StrCat(path, ".width"), config.width(), "at least 1");
//   }
//   const ConfigRegistration<WideConfig> wide(
//       {.targets = {TargetKind::kClass}, .example = "={}", .code = "//acme:wide"}, CheckWide);

// What is said of a configuration beside its fields.
struct ConfigTraits {
  // What the model can predict, or the criterion compare with.
  std::vector<TargetKind> targets;
  // How to choose it, behind its path: "={}" for train.model.linear={}.
  std::string example = "={}";
  // The Bazel target with the code; the error names it where it is not linked.
  std::string code = "";
  // Of a criterion: what a validation counts beside the loss.
  std::vector<MetricSpec> metrics = {};
};

// Tells `problems` what of `config` cannot be used, but for what its traits say already. `path` is where it stands:
// "train.model.mlp".
template <typename Config>
using ConfigCheck = void (*)(const Config& config, const DataDescription& data, absl::string_view path,
                             ConfigProblems& problems);

// A type's descriptor is asked for late: when static objects are made it may not be there yet.
using TypeOf = const google::protobuf::Descriptor* (*)();

void RegisterConfig(
    TypeOf type, ConfigTraits traits,
    std::function<void(const google::protobuf::Message&, const DataDescription&, absl::string_view, ConfigProblems&)>
        check);

template <typename Config>
class ConfigRegistration {
 public:
  ConfigRegistration(ConfigTraits traits, ConfigCheck<Config> check) {
    RegisterConfig(
        &Config::descriptor, std::move(traits),
        [check](const google::protobuf::Message& config, const DataDescription& data, absl::string_view path,
                ConfigProblems& problems) { check(static_cast<const Config&>(config), data, path, problems); });
  }
};

// What of a model's or a criterion's configuration at `path` ("train.model") cannot be used by itself or with such
// data: none is chosen, or two; it predicts something else; and what its own check finds.
void CheckModelConfig(const ModelConfig& config, const DataDescription& data, absl::string_view path,
                      ConfigProblems& problems);
void CheckCriterionConfig(const CriterionConfig& config, const DataDescription& data, absl::string_view path,
                          ConfigProblems& problems);

// What a validation with this criterion counts beside the loss. Nothing if none is chosen.
std::vector<MetricSpec> CriterionMetrics(const CriterionConfig& config);

// The message that a configuration which passes its check holds, and where it stands: "train.model.mlp".
struct ChosenConfig {
  const google::protobuf::Message* message = nullptr;
  std::string path;
  // The target that has its code, as its traits say; may be empty.
  std::string code = "";
};
ChosenConfig FindChosenConfig(const google::protobuf::Message& config, absl::string_view path);

// Internal: the program has the configuration, and not its code. Says what to link.
absl::Status NotLinked(const ChosenConfig& chosen);

// A dataset of so many classes, 0 where numbers are predicted, as configurations are checked against it.
DataDescription DescribeClasses(int64_t classes);

}  // namespace baton

#endif  // BATON_MODELS_CONFIG_REGISTRY_H_
