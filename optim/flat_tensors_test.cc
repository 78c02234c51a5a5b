#include "optim/flat_tensors.h"

#include "base/testing/status_matchers.h"

#include "third_party/torch_begin.h"

#include <ATen/Context.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>

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
  const FlatLayout layout = *FlatLayout::Create(Parameters()).value();
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

TEST(FlatLayout, SizesThatNoMemoryHoldsAreRefusedByName) {
  const auto create = [](std::vector<int64_t> shape) {
    return FlatLayout::Create({{.name = "a", .shape = {3}}, {.name = "big", .shape = std::move(shape)}});
  };
  constexpr int64_t kMost = int64_t{1} << 40;
  for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{
           {kMost}, {int64_t{1} << 32, int64_t{1} << 32}, {int64_t{1} << 62, 4, 3}, {2, -1}, {-2, -2}, {-1}}) {
    EXPECT_THAT(create(shape), StatusIs(absl::StatusCode::kInvalidArgument, testing::HasSubstr("'big' has the shape")));
  }
  EXPECT_THAT(create({0, 5}), IsOk());
  EXPECT_THAT(create({}), IsOk());
}

TEST(Flatten, CopiesSideBySide) {
  const at::Tensor a = at::arange(6, at::kFloat).view({2, 3}).t();  // its elements do not lie in their order
  ASSERT_OK_AND_ASSIGN(const FlatTensors flat, Flatten({{"a", a}, {"b", at::ones({1}, at::kFloat)}}));
  EXPECT_EQ(flat.layout().entries[1].name, "b");
  EXPECT_TRUE(at::equal(flat.views()[0], a));
  EXPECT_EQ(flat.flat()[1].item<float>(), 3);
  EXPECT_FALSE(flat.views()[0].is_alias_of(a));
  EXPECT_THAT(Flatten({{"a", a.to(at::kDouble)}}),
              StatusIs(absl::StatusCode::kInvalidArgument, testing::HasSubstr("tensor 'a' is of type Double")));
  EXPECT_THAT(Flatten({}), IsOk());
}

TEST(FlatTensors, ViewsShareAndCopiesDoNot) {
  FlatTensors tensors(FlatLayout::Create(Parameters()).value(), at::kCPU);
  EXPECT_EQ(tensors.views()[0].sizes(), (std::vector<int64_t>{3, 5}));
  const FlatTensors copy = tensors.CopyTo(at::kCPU);
  tensors.views()[2].fill_(7);
  EXPECT_EQ(tensors.flat()[16].item<float>(), 7);
  EXPECT_EQ(tensors.flat()[15].item<float>(), 0);
  EXPECT_EQ(copy.flat()[16].item<float>(), 0);
}

TEST(FlatTensors, UnfilledHasZerosInTheGaps) {
  const FlatTensors tensors = FlatTensors::Unfilled(FlatLayout::Create(Parameters()).value());
  for (const at::Tensor& view : tensors.views()) view.fill_(3);
  // 3 * 5, then a gap to 16; the last 5 of 16.
  EXPECT_EQ(tensors.flat().ne(0).sum().item<int64_t>(), 70020);
  EXPECT_EQ(tensors.flat()[15].item<float>(), 0);
  EXPECT_EQ(tensors.flat().narrow(0, 70016 + 5, 11).ne(0).sum().item<int64_t>(), 0);
}

TEST(Initialize, DependsOnSeedAndNameAlone) {
  FlatTensors first(FlatLayout::Create(Parameters()).value(), at::kCPU);
  Initialize(Parameters(), 1, first);
  EXPECT_LT(first.views()[0].abs().max().item<double>(), 0.5);
  EXPECT_GT(first.views()[2].abs().max().item<double>(), 1.99);

  // Other parameters beside it and draws from the process-wide generator change nothing.
  at::Generator(at::globalContext().defaultGenerator(at::kCPU)).set_current_seed(3);
  const std::vector<ParameterSpec> alone = {Parameters()[2]};
  FlatTensors second(FlatLayout::Create(alone).value(), at::kCPU);
  Initialize(alone, 1, second);
  EXPECT_TRUE(at::equal(first.views()[2], second.views()[0]));
  Initialize(alone, 2, second);
  EXPECT_FALSE(at::equal(first.views()[2], second.views()[0]));
}

TEST(Initialize, AsEachTensorSays) {
  const std::vector<ParameterSpec> parameters = {{.name = "zeros", .shape = {4}},
                                                 {.name = "ones", .shape = {4}, .initial = InitialOnes()},
                                                 {.name = "normal", .shape = {40000}, .initial = InitialNormal{0.02}}};
  FlatTensors tensors(FlatLayout::Create(parameters).value(), at::kCPU);
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
