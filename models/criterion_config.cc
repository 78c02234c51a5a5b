// The configurations of the criteria, as the registry has them.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "models/config_registry.h"

namespace baton {
namespace {

void CheckCrossEntropy(const CrossEntropyConfig& config, const DataDescription&, absl::string_view path,
                       ConfigProblems& problems) {
  const auto& weights = config.class_weights();
  problems.Expect(std::all_of(weights.begin(), weights.end(), IsAbove0), absl::StrCat(path, ".class_weights"),
                  absl::StrCat("[", absl::StrJoin(weights, ", "), "]"), "finite weights above 0");
}

void CheckMeanSquaredError(const MeanSquaredErrorConfig&, const DataDescription&, absl::string_view, ConfigProblems&) {}

const ConfigRegistration<CrossEntropyConfig> cross_entropy({.targets = {TargetKind::kClass},
                                                            .code = "//models:criteria",
                                                            .metrics = {{"accuracy", /*higher_is_better=*/true}}},
                                                           CheckCrossEntropy);
const ConfigRegistration<MeanSquaredErrorConfig> mean_squared_error({.targets = {TargetKind::kNumber},
                                                                     .code = "//models:criteria"},
                                                                    CheckMeanSquaredError);

}  // namespace
}  // namespace baton
