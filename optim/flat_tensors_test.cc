#include "optim/flat_tensors.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "third_party/torch_begin.h"

#include <ATen/Context.h>
#include <ATen/ops/equal.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

std::vector<ParameterSpec> Parameters() {
  return {{.name = "a", .shape = {3, 5}, .weight_decay = true, .initial = InitialUniform{0.5}},
          {.name = "b", .shape = {5}, .weight_decay = false, .initial = InitialUniform{0.5}},
          {.name = "c", .shape = {70000}, .weight_decay = true, .initial = InitialUniform{2}}};
}

// By hand: decayed first, each on a multiple of 16, each group on a chunk of its own; 16 + 70000 = 65536 + 4480.
TEST(FlatLayout, Offsets) {
  const FlatLayout layout(Parameters());
  ASSERT_EQ(layout.entries.size(), 3);
  EXPECT_EQ(layout.entries[0].offset, 0);
  EXPECT_EQ(layout.entries[1].offset, 70016);
  EXPECT_EQ(layout.entries[2].offset, 16);
  EXPECT_EQ(layout.size, 70032);
  EXPECT_EQ(layout.parameter_count, 70020);
  ASSERT_EQ(layout.chunks.size(), 3);
  EXPECT_EQ(layout.chunks[0].end, 65536);
  EXPECT_EQ(layout.chunks[1].begin, 65536);
  EXPECT_EQ(layout.chunks[1].end, 70016);
  EXPECT_TRUE(layout.chunks[1].weight_decay);
  EXPECT_EQ(layout.chunks[2].begin, 70016);
  EXPECT_EQ(layout.chunks[2].end, 70032);
  EXPECT_FALSE(layout.chunks[2].weight_decay);
}

TEST(FlatTensors, ViewsShareAndCopiesDoNot) {
  FlatTensors tensors(std::make_shared<const FlatLayout>(Parameters()), at::kCPU);
  EXPECT_EQ(tensors.views()[0].sizes(), (std::vector<int64_t>{3, 5}));
  const FlatTensors copy = tensors.CopyTo(at::kCPU);
  tensors.views()[2].fill_(7);
  EXPECT_EQ(tensors.flat()[16].item<float>(), 7);
  EXPECT_EQ(tensors.flat()[15].item<float>(), 0);
  EXPECT_EQ(copy.flat()[16].item<float>(), 0);
}

TEST(FlatTensors, UnfilledHasZerosInTheGaps) {
  const FlatTensors tensors = FlatTensors::Unfilled(std::make_shared<const FlatLayout>(Parameters()));
  for (const at::Tensor& view : tensors.views()) view.fill_(3);
  // 3 * 5, then a gap to 16; the last 5 of 16.
  EXPECT_EQ(tensors.flat().ne(0).sum().item<int64_t>(), 70020);
  EXPECT_EQ(tensors.flat()[15].item<float>(), 0);
  EXPECT_EQ(tensors.flat().narrow(0, 70016 + 5, 11).ne(0).sum().item<int64_t>(), 0);
}

TEST(Initialize, DependsOnSeedAndNameAlone) {
  FlatTensors first(std::make_shared<const FlatLayout>(Parameters()), at::kCPU);
  Initialize(Parameters(), 1, first);
  EXPECT_LT(first.views()[0].abs().max().item<double>(), 0.5);
  EXPECT_GT(first.views()[2].abs().max().item<double>(), 1.99);

  // Other parameters beside it and draws from the process-wide generator change nothing.
  at::Generator(at::globalContext().defaultGenerator(at::kCPU)).set_current_seed(3);
  const std::vector<ParameterSpec> alone = {Parameters()[2]};
  FlatTensors second(std::make_shared<const FlatLayout>(alone), at::kCPU);
  Initialize(alone, 1, second);
  EXPECT_TRUE(at::equal(first.views()[2], second.views()[0]));
  Initialize(alone, 2, second);
  EXPECT_FALSE(at::equal(first.views()[2], second.views()[0]));
}

TEST(Initialize, AsEachTensorSays) {
  const std::vector<ParameterSpec> parameters = {{.name = "zeros", .shape = {4}},
                                                 {.name = "ones", .shape = {4}, .initial = InitialOnes()},
                                                 {.name = "normal", .shape = {40000}, .initial = InitialNormal{0.02}}};
  FlatTensors tensors(std::make_shared<const FlatLayout>(parameters), at::kCPU);
  tensors.flat().fill_(7);
  Initialize(parameters, 1, tensors);
  EXPECT_EQ(tensors.views()[0].abs().max().item<double>(), 0);
  EXPECT_EQ(tensors.views()[1].min().item<double>(), 1);
  EXPECT_EQ(tensors.views()[1].max().item<double>(), 1);
  // Of 40,000 draws: the mean's standard error is 1e-4, the deviation's 7e-5.
  EXPECT_NEAR(tensors.views()[2].mean().item<double>(), 0, 5e-4);
  EXPECT_NEAR(tensors.views()[2].std().item<double>(), 0.02, 4e-4);
}

}  // namespace
}  // namespace baton
