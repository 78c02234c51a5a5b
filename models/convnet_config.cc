// The configuration of the convolutional network, as the registry has it.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "models/config_registry.h"

namespace baton {
namespace {

// Far above any that is used.
constexpr uint32_t kMostKernel = 1024;

void CheckBlock(const ConvNetConfig::Block& block, absl::string_view path, ConfigProblems& problems) {
  if (block.kind_case() == ConvNetConfig::Block::KIND_NOT_SET) {
    problems.Add(absl::StrCat(path, " has no kind; choose conv { channels: 16 } or residual { channels: 16 }"));
    return;
  }
  problems.Expect(block.pool() > 0, absl::StrCat(path, ".pool"), block.pool(), "at least 1, for no pooling");
  if (block.has_residual()) {
    problems.Expect(block.residual().channels() > 0, absl::StrCat(path, ".residual.channels"),
                    block.residual().channels(), "at least 1");
    return;
  }
  const ConvNetConfig::Conv& conv = block.conv();
  problems.Expect(conv.channels() > 0, absl::StrCat(path, ".conv.channels"), conv.channels(), "at least 1");
  problems.Expect(conv.kernel() > 0 && conv.kernel() <= kMostKernel, absl::StrCat(path, ".conv.kernel"), conv.kernel(),
                  absl::StrCat("from 1 to ", kMostKernel));
  problems.Expect(conv.padding() < std::max<uint32_t>(conv.kernel(), 1), absl::StrCat(path, ".conv.padding"),
                  conv.padding(), absl::StrCat("less than the kernel, which is ", conv.kernel()));
}

void CheckConvNet(const ConvNetConfig& config, const DataDescription&, absl::string_view path,
                  ConfigProblems& problems) {
  if (config.blocks().empty()) {
    problems.Add(absl::StrCat(path, ".blocks is empty; give at least one, e.g. blocks { conv { channels: 16 } }"));
  }
  for (int i = 0; i < config.blocks_size(); ++i) {
    CheckBlock(config.blocks(i), absl::StrCat(path, ".blocks[", i, "]"), problems);
  }
  const auto& sizes = config.hidden_sizes();
  problems.Expect(std::count(sizes.begin(), sizes.end(), 0) == 0, absl::StrCat(path, ".hidden_sizes"),
                  absl::StrCat("[", absl::StrJoin(sizes, ", "), "]"), "no width of 0");
  problems.Expect(IsIn0ToBelow1(config.dropout()), absl::StrCat(path, ".dropout"), config.dropout(),
                  "at least 0 and below 1");
}

const ConfigRegistration<ConvNetConfig> convnet({.targets = {TargetKind::kClass, TargetKind::kNumber},
                                                 .example = "={blocks:{conv:{channels:16}}}",
                                                 .code = "//models:convnet"},
                                                CheckConvNet);

}  // namespace
}  // namespace baton
