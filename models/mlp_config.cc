// The configurations of the linear, the logistic and the MLP model, as the registry has them.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "models/config_registry.h"

namespace baton {
namespace {

void CheckLinear(const LinearConfig&, const DataDescription&, absl::string_view, ConfigProblems&) {}
void CheckLogistic(const LogisticConfig&, const DataDescription&, absl::string_view, ConfigProblems&) {}

void CheckMlp(const MlpConfig& mlp, const DataDescription&, absl::string_view path, ConfigProblems& problems) {
  const auto& sizes = mlp.hidden_sizes();
  problems.Expect(!sizes.empty() && std::count(sizes.begin(), sizes.end(), 0) == 0, absl::StrCat(path, ".hidden_sizes"),
                  absl::StrCat("[", absl::StrJoin(sizes, ", "), "]"),
                  "at least one width, none of them 0, e.g. [64, 32]");
  problems.Expect(IsIn0ToBelow1(mlp.dropout()), absl::StrCat(path, ".dropout"), mlp.dropout(),
                  "at least 0 and below 1");
}

const ConfigRegistration<LinearConfig> linear({.targets = {TargetKind::kNumber}, .code = "//models:mlp"}, CheckLinear);
const ConfigRegistration<LogisticConfig> logistic({.targets = {TargetKind::kClass}, .code = "//models:mlp"},
                                                  CheckLogistic);
const ConfigRegistration<MlpConfig> mlp({.targets = {TargetKind::kClass, TargetKind::kNumber},
                                         .example = ".hidden_sizes=[64]",
                                         .code = "//models:mlp"},
                                        CheckMlp);

}  // namespace
}  // namespace baton
