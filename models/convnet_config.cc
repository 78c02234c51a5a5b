// The configuration of the convolutional network, as the registry has it.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "models/config_registry.h"

namespace baton {
namespace {

// Far above any that is used.
constexpr uint32_t kMostKernel = 1024;

// As a configuration has it.
std::string Text(uint32_t value) { return absl::StrCat(value); }
std::string Text(bool value) { return value ? "true" : "false"; }

// Checks the values of a list, which has one a block or one for all. `fits` takes a value and the number of its block.
template <typename List, typename Fits>
void CheckList(const List& list, int blocks, absl::string_view field, absl::string_view expected, const Fits& fits,
               ConfigProblems& problems) {
  if (list.size() > 1 && list.size() != blocks) {
    problems.Add(
        absl::StrCat(field, " has ", list.size(), " values for ", blocks, " blocks; give one each, or one for all"));
    return;
  }
  for (int i = 0; i < list.size(); ++i) {
    if (fits(list.Get(i), i)) continue;
    problems.Add(
        absl::StrCat(field, " is ", Text(list.Get(i)), " in block ", i, ", counted from 0; expected ", expected));
  }
}

// That of a block, as far as the lists have one.
template <typename List>
uint32_t ValueOf(const List& list, int block, uint32_t otherwise) {
  if (list.size() == 1) return list.Get(0);
  return block < list.size() ? list.Get(block) : otherwise;
}

void CheckConvNet(const ConvNetConfig& config, const DataDescription& data, absl::string_view path,
                  ConfigProblems& problems) {
  if (data.target != TargetKind::kUnknown && data.feature_shape.size() != 3) {
    problems.Add(
        absl::StrCat(path, " needs examples of shape [channels, height, width], but theirs is ",
                     data.feature_shape.empty() ? "a row of numbers"
                                                : absl::StrCat("[", absl::StrJoin(data.feature_shape, ", "), "]"),
                     data.shape_field.empty() ? "" : absl::StrCat("; set ", data.shape_field, ", e.g. [1, 28, 28]")));
  }
  const int blocks = config.channels_size();
  const auto field = [path](absl::string_view name) { return absl::StrCat(path, ".", name); };
  if (blocks == 0) problems.Add(field("channels is empty; give one number a block, e.g. [16, 32]"));
  const auto kernel = [&config](int block) { return ValueOf(config.kernel(), block, 3); };
  CheckList(
      config.channels(), blocks, field("channels"), "at least 1", [](uint32_t n, int) { return n > 0; }, problems);
  CheckList(
      config.kernel(), blocks, field("kernel"), absl::StrCat("from 1 to ", kMostKernel),
      [](uint32_t n, int) { return n > 0 && n <= kMostKernel; }, problems);
  CheckList(
      config.padding(), blocks, field("padding"), "less than its kernel",
      [&](uint32_t n, int block) { return n < kernel(block); }, problems);
  CheckList(
      config.pool(), blocks, field("pool"), "at least 1, for no pooling", [](uint32_t n, int) { return n > 0; },
      problems);
  CheckList(
      config.residual(), blocks, field("residual"), "false, or an odd kernel with a padding of half of it",
      [&](bool residual, int block) {
        return !residual ||
               (kernel(block) % 2 == 1 && ValueOf(config.padding(), block, kernel(block) / 2) == kernel(block) / 2);
      },
      problems);
  const auto& sizes = config.hidden_sizes();
  problems.Expect(std::count(sizes.begin(), sizes.end(), 0) == 0, field("hidden_sizes"),
                  absl::StrCat("[", absl::StrJoin(sizes, ", "), "]"), "no width of 0");
  problems.Expect(IsIn0ToBelow1(config.dropout()), field("dropout"), config.dropout(), "at least 0 and below 1");
}

const ConfigRegistration<ConvNetConfig> convnet({.targets = {TargetKind::kClass, TargetKind::kNumber},
                                                 .example = ".channels=[16,32]",
                                                 .code = "//models:convnet"},
                                                CheckConvNet);

}  // namespace
}  // namespace baton
