// The configuration of acme.wide, in every program: what of it can be said without the data.

#include "absl/strings/str_cat.h"
#include "examples/own_model/wide.pb.h"
#include "models/config_registry.h"

namespace acme {
namespace {

void CheckWide(const WideConfig& config, const baton::DataDescription&, absl::string_view path,
               baton::ConfigProblems& problems) {
  problems.Expect(config.width() > 0, absl::StrCat(path, ".width"), config.width(), "at least 1");
}

const baton::ConfigRegistration<WideConfig> wide({.targets = {baton::TargetKind::kClass, baton::TargetKind::kNumber},
                                                  .example = ".width=16",
                                                  .code = "//examples/own_model:wide"},
                                                 CheckWide);

}  // namespace
}  // namespace acme
