#include "models/dense_layers.h"

#include <optional>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "models/activation.h"
#include "models/dropout.h"

#include "third_party/torch_begin.h"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros_like.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

// A model of dense layers alone, to have its NamedTensors.
class Dense : public Model {
 public:
  explicit Dense(const DenseLayers& layers) : Model(layers.parameters()), layers_(layers) {}
  at::Tensor Forward(const NamedTensors& parameters, const Batch& batch, const ForwardContext& context) const override {
    return layers_.Forward(batch.tensors.at("features"), parameters, context);
  }
  TrainingPass ForwardToTrain(const NamedTensors& parameters, const Batch& batch,
                              const ForwardContext& context) const override {
    return layers_.ForwardToTrain(batch.tensors.at("features"), parameters, context);
  }

 private:
  const DenseLayers layers_;
};

at::Generator Seeded(uint64_t seed) {
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU).clone();
  generator.set_current_seed(seed);
  return generator;
}

at::Tensor Random(at::IntArrayRef shape, at::ScalarType type, uint64_t seed) {
  return at::empty(shape, at::TensorOptions().dtype(type)).uniform_(-1, 1, Seeded(seed));
}

std::vector<at::Tensor> Parameters(const Model& model, at::ScalarType type) {
  std::vector<at::Tensor> parameters;
  for (const ParameterSpec& spec : model.parameters()) {
    parameters.push_back(Random(spec.shape, type, parameters.size()).requires_grad_());
  }
  return parameters;
}

class DenseLayersTest : public testing::TestWithParam<std::tuple<Activation, double, std::vector<int64_t>>> {
 protected:
  DenseLayersTest()
      : sizes_(std::get<2>(GetParam())),
        model_(DenseLayers(sizes_, std::get<0>(GetParam()), std::get<1>(GetParam()))) {}

  // With libtorch's own operators and autograd, and the same draws.
  at::Tensor Plain(at::Tensor x, const std::vector<at::Tensor>& parameters,
                   const std::optional<at::Generator>& generator) const {
    for (size_t i = 0; i < parameters.size(); i += 2) {
      x = at::linear(x, parameters[i], parameters[i + 1]);
      if (i + 2 < parameters.size()) {
        x = Dropout(Activate(x, std::get<0>(GetParam())), std::get<1>(GetParam()), generator);
      }
    }
    return x;
  }

  const std::vector<int64_t> sizes_;
  const Dense model_;
};

TEST_P(DenseLayersTest, HasAutogradsGradients) {
  for (const bool places : {false, true}) {
    const std::vector<at::Tensor> parameters = Parameters(model_, at::kFloat), plain = Parameters(model_, at::kFloat);
    const at::Tensor x = Random({7, sizes_.front()}, at::kFloat, 20).requires_grad_();
    const at::Tensor plain_x = x.detach().clone().requires_grad_();
    const at::Tensor weights = Random({7, sizes_.back()}, at::kFloat, 21);
    std::vector<at::Tensor> destinations;
    for (const at::Tensor& parameter : parameters) destinations.push_back(at::zeros_like(parameter).fill_(5));

    ForwardContext context{.training = true, .generator = Seeded(1)};
    if (places) context.gradients = model_.NameParameters(destinations);
    const at::Tensor outputs =
        model_.Forward(model_.NameParameters(parameters), {.rows = 7, .tensors = {{"features", x}}}, context);
    outputs.mul(weights).sum().backward();
    const at::Tensor expected = Plain(plain_x, plain, Seeded(1));
    expected.mul(weights).sum().backward();

    EXPECT_TRUE(at::allclose(outputs, expected, 1e-6, 1e-6));
    EXPECT_TRUE(at::allclose(x.grad(), plain_x.grad(), 1e-6, 1e-6));
    for (size_t i = 0; i < parameters.size(); ++i) {
      const double tolerance = 1e-6 * plain[i].grad().abs().max().item<double>();
      EXPECT_TRUE(at::allclose(parameters[i].grad(), plain[i].grad(), 1e-6, tolerance)) << i;
      // Autograd takes the gradient where it was written, without a copy.
      if (places) {
        EXPECT_EQ(parameters[i].grad().const_data_ptr(), destinations[i].const_data_ptr()) << i;
      }
    }
  }
}

// Without autograd the same kernels run: the same bits.
TEST_P(DenseLayersTest, WithoutAutogradItHasTheSameBits) {
  const std::vector<at::Tensor> parameters = Parameters(model_, at::kFloat);
  const Batch batch{.rows = 7, .tensors = {{"features", Random({7, sizes_.front()}, at::kFloat, 20)}}};
  const at::Tensor weights = Random({7, sizes_.back()}, at::kFloat, 21);
  const at::Tensor expected =
      model_.Forward(model_.NameParameters(parameters), batch, {.training = true, .generator = Seeded(1)});
  expected.backward(weights);

  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : parameters) gradients.push_back(at::zeros_like(parameter).fill_(5));
  const TrainingPass pass =
      model_.ForwardToTrain(model_.NameParameters(parameters), batch,
                            {.training = true, .generator = Seeded(1), .gradients = model_.NameParameters(gradients)});
  ASSERT_NE(pass.backward, nullptr);
  EXPECT_TRUE(at::equal(pass.outputs, expected));
  EXPECT_FALSE(pass.outputs.requires_grad());
  pass.backward(weights);
  for (size_t i = 0; i < parameters.size(); ++i) EXPECT_TRUE(at::equal(gradients[i], parameters[i].grad())) << i;
}

// In double, by central differences.
TEST_P(DenseLayersTest, HasTheSlopeOfTheFunction) {
  const std::vector<at::Tensor> parameters = Parameters(model_, at::kDouble);
  const Batch batch{.rows = 7, .tensors = {{"features", Random({7, sizes_.front()}, at::kDouble, 20)}}};
  const at::Tensor weights = Random({7, sizes_.back()}, at::kDouble, 21);
  const auto value = [&] {
    const ForwardContext context{.training = true, .generator = Seeded(1)};
    return model_.Forward(model_.NameParameters(parameters), batch, context).mul(weights).sum();
  };
  value().backward();
  const at::NoGradGuard no_gradients;
  for (const at::Tensor& parameter : parameters) {
    const at::Tensor flat = parameter.detach().view({-1});
    const at::Tensor gradient = parameter.grad().reshape({-1});
    for (const int64_t i : {int64_t{0}, flat.numel() / 2, flat.numel() - 1}) {
      constexpr double kStep = 1e-6;
      flat[i].add_(kStep);
      const double above = value().item<double>();
      flat[i].sub_(2 * kStep);
      const double below = value().item<double>();
      flat[i].add_(kStep);
      EXPECT_NEAR((above - below) / (2 * kStep), gradient[i].item<double>(), 1e-7);
    }
  }
}

TEST_P(DenseLayersTest, DropsNothingWhenUsed) {
  const std::vector<at::Tensor> parameters = Parameters(model_, at::kFloat);
  const at::Tensor x = Random({7, sizes_.front()}, at::kFloat, 20);
  const at::NoGradGuard no_gradients;
  const at::Tensor outputs =
      model_.Forward(model_.NameParameters(parameters), {.rows = 7, .tensors = {{"features", x}}}, {});
  EXPECT_TRUE(at::allclose(outputs, Plain(x, parameters, std::nullopt), 1e-6, 1e-6));
}

INSTANTIATE_TEST_SUITE_P(
    ActivationDropoutSizes, DenseLayersTest,
    testing::Combine(testing::Values(MlpConfig::RELU, MlpConfig::TANH, MlpConfig::GELU), testing::Values(0.0, 0.4),
                     testing::Values(std::vector<int64_t>{9, 4}, std::vector<int64_t>{9, 12, 5, 3})));

}  // namespace
}  // namespace baton
