#include "optim/optimizer.h"

#include "base/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using testing::HasSubstr;

// Four steps from [0.5, -1, 2] with learning rate 0.1 and gradients [0.1 (i + 1), -0.2, 0.3 (i - 1)] in step i.
std::vector<double> FourSteps(const OptimizerConfig& config, bool weight_decay, double divisor) {
  const auto optimizer = BuildOptimizer(config);
  EXPECT_TRUE(optimizer.ok()) << optimizer.status();
  OptimizerChunk chunk{
      .parameters = at::tensor({0.5f, -1.f, 2.f}), .gradients = {}, .slots = {}, .weight_decay = weight_decay};
  for (size_t i = 0; i < (*optimizer)->slots().size(); ++i) chunk.slots.push_back(at::zeros_like(chunk.parameters));
  for (int i = 0; i < 4; ++i) {
    chunk.gradients = at::tensor({0.1f * (i + 1), -0.2f, 0.3f * (i - 1)}).mul(divisor);
    (*optimizer)->Update(chunk, divisor, 0.1, i + 1);
  }
  std::vector<double> values;
  for (int i = 0; i < 3; ++i) values.push_back(chunk.parameters[i].item<double>());
  return values;
}

OptimizerConfig AdamW() {
  OptimizerConfig config;
  config.set_weight_decay(0.05);
  config.mutable_adamw()->set_beta2(0.99);
  return config;
}

auto Near(std::vector<double> values) { return testing::Pointwise(testing::DoubleNear(1e-6), values); }

// Expected values from PyTorch 2.13: torch.optim.AdamW(lr=0.1, betas=(0.9, 0.99), weight_decay=0.05 or 0).
TEST(AdamW, EqualsPyTorchs) {
  EXPECT_THAT(FourSteps(AdamW(), true, 1), Near({0.10538473, -0.58313954, 2.06542158}));
  EXPECT_THAT(FourSteps(AdamW(), false, 1), Near({0.11237822, -0.60000002, 2.10724211}));
}

TEST(AdamW, DividesTheGradient) {
  EXPECT_THAT(FourSteps(AdamW(), true, 32), Near({0.10538473, -0.58313954, 2.06542158}));
}

// torch.optim.SGD(lr=0.1, momentum=0.9 or 0, weight_decay=0.05).
TEST(Sgd, EqualsPyTorchs) {
  OptimizerConfig config;
  config.set_weight_decay(0.05);
  config.mutable_sgd()->set_momentum(0.9);
  EXPECT_THAT(FourSteps(config, true, 1), Near({0.29293954, -0.77549958, 1.89516950}));
  EXPECT_THAT(FourSteps(config, true, 4), Near({0.29293954, -0.77549958, 1.89516950}));
  config.mutable_sgd()->set_momentum(0);
  EXPECT_THAT(FourSteps(config, true, 1), Near({0.39057347, -0.90074754, 1.90000129}));
}

TEST(BuildOptimizer, NeedsAKind) {
  EXPECT_THAT(BuildOptimizer({}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("train.optimizer")));
}

}  // namespace
}  // namespace baton
