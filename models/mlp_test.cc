#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/model_registry.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/tensor.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using testing::HasSubstr;

ModelConfig MlpOf(MlpConfig::Activation activation) {
  ModelConfig config;
  config.mutable_mlp()->add_hidden_sizes(3);
  config.mutable_mlp()->set_activation(activation);
  return config;
}

// Expected values from PyTorch 2.13: f(x @ w0.T + b0) @ w1.T + b1.
class MlpValues : public testing::TestWithParam<std::tuple<MlpConfig::Activation, std::vector<float>>> {};

TEST_P(MlpValues, EqualPyTorchs) {
  ASSERT_OK_AND_ASSIGN(const auto model, BuildModel(MlpOf(std::get<0>(GetParam())), {.features = {2}, .classes = 2}));
  const std::vector<at::Tensor> parameters = {
      at::tensor({0.1f, 0.2f, -0.3f, 0.4f, 0.5f, -0.6f}).view({3, 2}), at::tensor({0.01f, -0.02f, 0.03f}),
      at::tensor({1.f, -1.f, 0.5f, 0.2f, 0.3f, -0.4f}).view({2, 3}), at::tensor({0.1f, -0.1f})};
  const Batch batch{.rows = 2, .tensors = {{"features", at::tensor({1.f, 2.f, 3.f, -1.f}).view({2, 2})}}};
  const at::Tensor expected = at::tensor(std::get<1>(GetParam())).view({2, 2});
  const at::Tensor outputs = model->Forward(model->NameParameters(parameters), batch, {});
  EXPECT_TRUE(at::allclose(outputs, expected, 1e-6, 1e-6)) << outputs;
}

INSTANTIATE_TEST_SUITE_P(
    Activations, MlpValues,
    testing::Values(
        std::make_tuple(MlpConfig::RELU, std::vector<float>{0.13f, 0.146f, 1.275f, -0.93f}),
        std::make_tuple(MlpConfig::TANH, std::vector<float>{-0.1687884f, 0.3618541f, 1.5624168f, -0.7269830f}),
        std::make_tuple(MlpConfig::GELU, std::vector<float>{0.0417028f, 0.1368220f, 1.3304646f, -0.9628987f})));

TEST(BuildModel, NamesShapesAndDecay) {
  ModelConfig config = MlpOf(MlpConfig::RELU);
  ASSERT_OK_AND_ASSIGN(const auto model, BuildModel(config, {.features = {5}, .classes = 4}));
  ASSERT_EQ(model->parameters().size(), 4);
  EXPECT_EQ(model->parameters()[0].name, "layers.0.weight");
  EXPECT_EQ(model->parameters()[0].shape, (std::vector<int64_t>{3, 5}));
  EXPECT_TRUE(model->parameters()[0].weight_decay);
  EXPECT_EQ(model->parameters()[3].name, "layers.1.bias");
  EXPECT_EQ(model->parameters()[3].shape, (std::vector<int64_t>{4}));
  EXPECT_FALSE(model->parameters()[3].weight_decay);
  EXPECT_DOUBLE_EQ(std::get<InitialUniform>(model->parameters()[0].initial).bound, 0.4472135954999579);  // 1 / sqrt(5)
}

TEST(BuildModel, ARegressionGivesOneNumberARow) {
  ModelConfig config;
  config.mutable_linear();
  ASSERT_OK_AND_ASSIGN(const auto model, BuildModel(config, {.features = {2}, .classes = 0}));
  const Batch batch{.rows = 2, .tensors = {{"features", at::tensor({1.f, 2.f, 3.f, -1.f}).view({2, 2})}}};
  const std::vector<at::Tensor> parameters = {at::tensor({2.f, -1.f}).view({1, 2}), at::tensor({0.5f})};
  const at::Tensor y = model->Forward(model->NameParameters(parameters), batch, {});
  ASSERT_EQ(y.dim(), 1);
  EXPECT_EQ(y[0].item<float>(), 0.5f);  // 2 - 2 + 0.5
  EXPECT_EQ(y[1].item<float>(), 7.5f);  // 6 + 1 + 0.5
}

TEST(BuildModel, RefusesWhatDoesNotFit) {
  ModelConfig config;
  EXPECT_THAT(BuildModel(config, {.features = {2}, .classes = 2}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("train.model is not chosen")));
  config.mutable_linear();
  EXPECT_THAT(BuildModel(config, {.features = {2}, .classes = 2}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("train.model.logistic")));
  config.mutable_logistic();
  EXPECT_THAT(BuildModel(config, {.features = {2}, .classes = 0}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("the dataset has no classes")));
  config.mutable_mlp();
  EXPECT_THAT(BuildModel(config, {.features = {2}, .classes = 0}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("train.model.mlp.hidden_sizes is []")));
}

}  // namespace
}  // namespace baton
