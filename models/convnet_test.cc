#include "models/model_registry.h"

#include <cmath>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "models/criterion_registry.h"
#include "nlohmann/json.hpp"

#include "third_party/torch_begin.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;

constexpr char kNet[] =
    "channels: [2, 3, 3] pool: [2, 1, 1] residual: [false, true, true] batch_norm: true hidden_sizes: 5";
const DataShape kPictures{.features = {1, 6, 6}, .classes = 3};

absl::StatusOr<std::unique_ptr<Model>> Build(const std::string& text, const DataShape& shape = kPictures) {
  ModelConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, config.mutable_convnet())) << text;
  return BuildModel(config, shape);
}

std::vector<float> ValuesOf(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

// As testdata/make_pytorch_reference.py has them.
struct Example {
  explicit Example(const Model& model) {
    int64_t i = 0;
    for (const ParameterSpec& spec : model.parameters()) {
      at::Tensor tensor = at::zeros(spec.shape);
      float* const values = tensor.mutable_data_ptr<float>();
      const bool scale = std::holds_alternative<InitialOnes>(spec.initial);
      for (int64_t j = 0; j < tensor.numel(); ++j, ++i) {
        values[j] = static_cast<float>((scale ? 1 : 0) + 0.3 * std::cos(0.9 * static_cast<double>(i)));
      }
      parameters.push_back(tensor.requires_grad_());
    }
    for (const ParameterSpec& spec : model.buffers()) {
      buffers.push_back(at::zeros(spec.shape).fill_(std::holds_alternative<InitialOnes>(spec.initial) ? 1 : 0));
    }
    std::vector<float> features;
    for (int64_t j = 0; j < 4 * 36; ++j) features.push_back(static_cast<float>(std::sin(0.7 * static_cast<double>(j))));
    batch = {.rows = 4,
             .tensors = {{"features", at::tensor(features).view({4, 1, 6, 6})},
                         {"target", at::tensor({0, 2, 1, 2}, at::TensorOptions().dtype(at::kLong))}}};
  }

  std::vector<at::Tensor> parameters;
  std::vector<at::Tensor> buffers;
  Batch batch;
};

TEST(ConvNet, IsPyTorchs) {
  std::ifstream file("models/testdata/pytorch_reference.json");
  const nlohmann::json reference = nlohmann::json::parse(file);
  ASSERT_OK_AND_ASSIGN(const auto model, Build(kNet));
  CriterionConfig config;
  config.mutable_cross_entropy();
  ASSERT_OK_AND_ASSIGN(const auto criterion, BuildCriterion(config, kPictures));
  Example example(*model);
  const NamedTensors parameters = model->NameParameters(example.parameters);
  const ForwardContext training{.training = true, .buffers = model->NameBuffers(example.buffers)};

  for (const double expected : reference["losses"]) {
    const at::Tensor loss =
        criterion->Loss(model->Forward(parameters, example.batch, training), example.batch, {}).sum.div(4);
    EXPECT_NEAR(loss.item<double>(), expected, 2e-6);
    loss.backward();
    const bool first = expected == reference["losses"].front();
    for (size_t i = 0; first && i < example.parameters.size(); ++i) {
      const std::string& name = model->parameters()[i].name;
      EXPECT_THAT(ValuesOf(example.parameters[i].grad()),
                  Pointwise(FloatNear(2e-6), reference["gradients"][name].get<std::vector<float>>()))
          << name;
    }
    for (size_t i = 0; first && i < example.buffers.size(); ++i) {
      const std::string& name = model->buffers()[i].name;
      EXPECT_THAT(ValuesOf(example.buffers[i]),
                  Pointwise(FloatNear(1e-6), reference["buffers"][name].get<std::vector<float>>()))
          << name;
    }
    const at::NoGradGuard no_gradients;
    for (at::Tensor& parameter : example.parameters) {
      parameter.sub_(parameter.grad().mul(0.1));
      parameter.mutable_grad().reset();
    }
  }
  const at::NoGradGuard no_gradients;
  const ForwardContext used{.buffers = model->NameBuffers(example.buffers)};
  EXPECT_THAT(ValuesOf(model->Forward(parameters, example.batch, used)),
              Pointwise(FloatNear(1e-5), reference["outputs"].get<std::vector<float>>()));
}

TEST(ConvNet, DeclaresWhatPyTorchDoes) {
  ASSERT_OK_AND_ASSIGN(const auto model,
                       Build("channels: [6, 16] kernel: 5 padding: [2, 0] pool: 2 hidden_sizes: [120, 84]",
                             {.features = {1, 28, 28}, .classes = 10}));
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const ParameterSpec& parameter : model->parameters()) shapes[parameter.name] = parameter.shape;
  EXPECT_EQ(shapes["blocks.0.conv.weight"], (std::vector<int64_t>{6, 1, 5, 5}));
  EXPECT_EQ(shapes["blocks.1.conv.bias"], (std::vector<int64_t>{16}));
  EXPECT_EQ(shapes["layers.0.weight"], (std::vector<int64_t>{120, 400}));
  EXPECT_EQ(shapes["layers.2.weight"], (std::vector<int64_t>{10, 84}));
  EXPECT_EQ(model->parameters()[0].name, "blocks.0.conv.weight");
  EXPECT_DOUBLE_EQ(std::get<InitialUniform>(model->parameters()[0].initial).bound, 0.2);  // 1 / sqrt(25)
  EXPECT_TRUE(model->parameters()[0].weight_decay);
  EXPECT_TRUE(model->buffers().empty());
  EXPECT_EQ(model->min_training_rows(), 1);
}

// A picture of one number a channel: its statistics need two rows.
TEST(ConvNet, NormalisedNumbersNeedTwoRows) {
  ASSERT_OK_AND_ASSIGN(const auto model, Build("channels: [2, 2] pool: [6, 1] residual: [false, true]"));
  EXPECT_EQ(model->min_training_rows(), 2);
}

TEST(ConvNet, RefusesWhatDoesNotFit) {
  const auto refused = [](const std::string& message) {
    return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message));
  };
  EXPECT_THAT(Build(kNet, {.features = {36}, .classes = 3}), refused("but theirs is a row of numbers"));
  EXPECT_THAT(Build(""), refused("channels is empty"));
  EXPECT_THAT(Build("channels: [2, 0]"), refused("channels is 0 in block 1"));
  EXPECT_THAT(Build("channels: 2 kernel: [3, 3]"), refused("kernel has 2 values for 1 blocks"));
  EXPECT_THAT(Build("channels: 2 kernel: 0"), refused("kernel is 0"));
  EXPECT_THAT(Build("channels: 2 kernel: 4000000000"), refused("kernel is 4000000000"));
  EXPECT_THAT(Build("channels: 2 padding: 3"), refused("padding is 3"));
  EXPECT_THAT(Build("channels: 2 kernel: 7 padding: 0"), refused("for a picture of 6 x 6"));
  EXPECT_THAT(Build("channels: 2 pool: 7"), refused("for a picture of 6 x 6"));
  EXPECT_THAT(Build("channels: 2 pool: 0"), refused("pool is 0"));
  EXPECT_THAT(Build("channels: 2 kernel: 4 residual: true"), refused("residual is true"));
  EXPECT_THAT(Build("channels: 2 hidden_sizes: 0"), refused("no width of 0"));
  EXPECT_THAT(Build("channels: 4000000000 hidden_sizes: 4000000000"), refused("too large"));
}

}  // namespace
}  // namespace baton
