#include "optim/optimizer.h"

#include <vector>

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using testing::HasSubstr;

// What the rules compute is compared with PyTorch's in pytorch_test.

// Four steps from [0.5, -1, 2] with learning rate 0.1 and gradients [0.1 (i + 1), -0.2, 0.3 (i - 1)] in step i.
std::vector<float> FourSteps(const OptimizerConfig& config, bool weight_decay, double divisor) {
  const auto optimizer = BuildOptimizer(config);
  EXPECT_TRUE(optimizer.ok()) << optimizer.status();
  OptimizerChunk chunk{
      .parameters = at::tensor({0.5f, -1.f, 2.f}), .gradients = {}, .slots = {}, .weight_decay = weight_decay};
  for (size_t i = 0; i < (*optimizer)->slots().size(); ++i) chunk.slots.push_back(at::zeros_like(chunk.parameters));
  for (int i = 0; i < 4; ++i) {
    chunk.gradients = at::tensor({0.1f * (i + 1), -0.2f, 0.3f * (i - 1)}).mul(divisor);
    (*optimizer)->Update(chunk, divisor, 0.1, i + 1);
  }
  std::vector<float> values;
  for (int i = 0; i < 3; ++i) values.push_back(chunk.parameters[i].item<float>());
  return values;
}

class EveryOptimizer : public testing::TestWithParam<OptimizerConfig> {};

TEST_P(EveryOptimizer, DividesTheGradient) {
  const std::vector<float> values = FourSteps(GetParam(), true, 1);
  EXPECT_EQ(FourSteps(GetParam(), true, 32), values) << "a power of two divides without rounding";
  EXPECT_THAT(FourSteps(GetParam(), true, 3), testing::Pointwise(testing::FloatNear(1e-6), values));
}

TEST_P(EveryOptimizer, LeavesWhatDoesNotDecay) {
  const std::vector<float> values = FourSteps(GetParam(), false, 1);
  EXPECT_NE(values, FourSteps(GetParam(), true, 1));
  OptimizerConfig without = GetParam();
  without.set_weight_decay(0);
  EXPECT_EQ(values, FourSteps(without, true, 1));
}

std::vector<OptimizerConfig> Kinds() {
  std::vector<OptimizerConfig> kinds(4);
  for (OptimizerConfig& config : kinds) config.set_weight_decay(0.05);
  kinds[0].mutable_sgd();
  kinds[1].mutable_sgd()->set_momentum(0.9);
  kinds[1].mutable_sgd()->set_nesterov(true);
  kinds[2].mutable_adamw()->set_beta2(0.99);
  kinds[3].mutable_lion();
  return kinds;
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryOptimizer, testing::ValuesIn(Kinds()));

TEST(BuildOptimizer, NeedsAKind) {
  EXPECT_THAT(BuildOptimizer({}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("train.optimizer")));
}

}  // namespace
}  // namespace baton
