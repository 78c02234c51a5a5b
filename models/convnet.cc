// A convolutional network over features [rows, channels, height, width]. Initial values are PyTorch's: of Conv2d and
// Linear uniform within 1/sqrt(fan-in), of BatchNorm2d weight 1 and bias 0, running mean 0 and variance 1. Batch
// normalisation has PyTorch's momentum 0.1 and epsilon 1e-5. For a regression the one output's dimension is dropped.
//
// Names: "blocks.0.conv.weight" and ".bias", or with batch normalisation "blocks.0.norm.weight" and ".bias" and the
// buffers "blocks.0.norm.running_mean" and ".running_var"; in a residual block "blocks.1.conv1", "norm1", "conv2",
// "norm2", "shortcut_conv", "shortcut_norm"; then "layers.0.weight" and so on.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "models/activation.h"
#include "models/dense_layers.h"
#include "models/model_registry.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/max_pool2d.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

constexpr double kMomentum = 0.1;
constexpr double kEpsilon = 1e-5;

// A convolution and what follows it directly, by the names of its tensors.
struct ConvLayer {
  int64_t padding = 0;
  std::string weight;
  std::string bias;  // empty with batch normalisation
  std::string norm;  // empty without
};

struct Block {
  std::vector<ConvLayer> layers;  // one, or the two of a residual block
  bool residual = false;
  std::optional<ConvLayer> shortcut;  // where the number of channels changes
  int64_t pool = 1;
};

// The blocks, what they declare, and the shape that they give.
struct Blocks {
  std::vector<Block> blocks;
  std::vector<ParameterSpec> parameters;
  std::vector<ParameterSpec> buffers;
  int64_t channels = 0;
  int64_t height = 0;
  int64_t width = 0;
  // Numbers that a channel's statistics are of, for one row, where they are fewest.
  int64_t least_normalised = std::numeric_limits<int64_t>::max();

  // Declares a convolution from `channels` to `outputs`. The caller says what shape it gives.
  ConvLayer Add(const std::string& conv, const std::string& norm, int64_t outputs, int64_t kernel, int64_t padding);
};

ConvLayer Blocks::Add(const std::string& conv, const std::string& norm, int64_t outputs, int64_t kernel,
                      int64_t padding) {
  ConvLayer layer{.padding = padding, .weight = conv + ".weight", .bias = "", .norm = norm};
  const InitialUniform initial{1 / std::sqrt(static_cast<double>(channels) * kernel * kernel)};
  parameters.push_back(
      {.name = layer.weight, .shape = {outputs, channels, kernel, kernel}, .weight_decay = true, .initial = initial});
  if (norm.empty()) {
    layer.bias = conv + ".bias";
    parameters.push_back({.name = layer.bias, .shape = {outputs}, .initial = initial});
    return layer;
  }
  parameters.push_back({.name = norm + ".weight", .shape = {outputs}, .initial = InitialOnes()});
  parameters.push_back({.name = norm + ".bias", .shape = {outputs}, .initial = InitialZeros()});
  buffers.push_back({.name = norm + ".running_mean", .shape = {outputs}, .initial = InitialZeros()});
  buffers.push_back({.name = norm + ".running_var", .shape = {outputs}, .initial = InitialOnes()});
  least_normalised =
      std::min(least_normalised, (height + 2 * padding - kernel + 1) * (width + 2 * padding - kernel + 1));
  return layer;
}

class ConvNet : public Model {
 public:
  ConvNet(Blocks blocks, DenseLayers layers, Activation activation, bool squeeze)
      : Model(WithLayers(blocks.parameters, layers), blocks.buffers),
        blocks_(std::move(blocks.blocks)),
        min_training_rows_(blocks.least_normalised > 1 ? 1 : 2),
        layers_(std::move(layers)),
        activation_(activation),
        squeeze_(squeeze) {}

  int64_t min_training_rows() const override { return min_training_rows_; }

  at::Tensor Forward(const NamedTensors& parameters, const Batch& batch, const ForwardContext& context) const override {
    at::Tensor x = batch.tensors.at("features");
    for (const Block& block : blocks_) x = Forward(block, x, parameters, context);
    x = layers_.Forward(x.flatten(1), parameters, context);
    return squeeze_ ? x.squeeze(-1) : x;
  }

 private:
  static std::vector<ParameterSpec> WithLayers(std::vector<ParameterSpec> parameters, const DenseLayers& layers) {
    parameters.insert(parameters.end(), layers.parameters().begin(), layers.parameters().end());
    return parameters;
  }

  at::Tensor Forward(const Block& block, const at::Tensor& inputs, const NamedTensors& parameters,
                     const ForwardContext& context) const {
    at::Tensor x = Convolve(block.layers.front(), inputs, parameters, context);
    if (block.residual) {
      x = Convolve(block.layers.back(), Activate(x, activation_), parameters, context);
      x = x.add(block.shortcut.has_value() ? Convolve(*block.shortcut, inputs, parameters, context) : inputs);
    }
    x = Activate(x, activation_);
    return block.pool == 1 ? x : at::max_pool2d(x, {block.pool, block.pool});
  }

  static at::Tensor Convolve(const ConvLayer& layer, const at::Tensor& x, const NamedTensors& parameters,
                             const ForwardContext& context) {
    const at::Tensor bias = layer.bias.empty() ? at::Tensor() : parameters[layer.bias];
    const at::Tensor y =
        at::conv2d(x, parameters[layer.weight], bias, /*stride=*/{1, 1}, {layer.padding, layer.padding});
    if (layer.norm.empty()) return y;
    return at::batch_norm(y, parameters[layer.norm + ".weight"], parameters[layer.norm + ".bias"],
                          context.buffers[layer.norm + ".running_mean"], context.buffers[layer.norm + ".running_var"],
                          context.training, kMomentum, kEpsilon, /*cudnn_enabled=*/true);
  }

  const std::vector<Block> blocks_;
  const int64_t min_training_rows_;
  const DenseLayers layers_;
  const Activation activation_;
  const bool squeeze_;
};

// What the configuration says of one block.
struct BlockConfig {
  int64_t channels = 0;
  int64_t kernel = 0;
  int64_t padding = 0;
  int64_t pool = 0;
  bool residual = false;
};

// Of lists with one value a block, or one for all.
BlockConfig ConfigOf(const ConvNetConfig& config, int block) {
  const auto of = [block](const auto& list, int64_t otherwise) -> int64_t {
    if (list.empty()) return otherwise;
    return list.Get(list.size() == 1 ? 0 : block);
  };
  const int64_t kernel = of(config.kernel(), 3);
  return {.channels = config.channels(block),
          .kernel = kernel,
          .padding = of(config.padding(), kernel / 2),
          .pool = of(config.pool(), 1),
          .residual = of(config.residual(), 0) != 0};
}

// Adds the next block.
absl::Status AddBlock(const BlockConfig& config, bool batch_norm, absl::string_view path, Blocks& blocks) {
  const std::string name = absl::StrCat("blocks.", blocks.blocks.size(), ".");
  Block block{.layers = {}, .residual = config.residual, .shortcut = {}, .pool = config.pool};
  const int64_t height = blocks.height + 2 * config.padding - config.kernel + 1;
  const int64_t width = blocks.width + 2 * config.padding - config.kernel + 1;
  if (height < config.pool || width < config.pool) {
    return absl::InvalidArgumentError(absl::StrCat(path, " has a block ", blocks.blocks.size(), " with kernel ",
                                                   config.kernel, ", padding ", config.padding, " and pool ",
                                                   config.pool, " for a picture of ", blocks.height, " x ",
                                                   blocks.width, ", which is too small for it"));
  }
  if (config.residual) {
    if (config.channels != blocks.channels) {
      block.shortcut = blocks.Add(name + "shortcut_conv", name + "shortcut_norm", config.channels, 1, 0);
    }
    for (const char* const number : {"1", "2"}) {
      block.layers.push_back(
          blocks.Add(name + "conv" + number, name + "norm" + number, config.channels, config.kernel, config.padding));
      blocks.channels = config.channels;
    }
  } else {
    block.layers.push_back(
        blocks.Add(name + "conv", batch_norm ? name + "norm" : "", config.channels, config.kernel, config.padding));
  }
  blocks.channels = config.channels;
  blocks.height = height / config.pool;
  blocks.width = width / config.pool;
  blocks.blocks.push_back(std::move(block));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Model>> BuildConvNet(const ConvNetConfig& config, const DataShape& shape,
                                                    absl::string_view path) {
  Blocks blocks{.blocks = {},
                .parameters = {},
                .buffers = {},
                .channels = shape.features[0],
                .height = shape.features[1],
                .width = shape.features[2]};
  for (int i = 0; i < config.channels_size(); ++i) {
    RETURN_IF_ERROR(AddBlock(ConfigOf(config, i), config.batch_norm(), path, blocks));
  }
  std::vector<int64_t> sizes = {blocks.channels * blocks.height * blocks.width};
  for (const uint32_t hidden : config.hidden_sizes()) {
    sizes.push_back(hidden);
  }
  sizes.push_back(shape.classes == 0 ? 1 : shape.classes);
  DenseLayers layers(sizes, config.activation(), config.dropout());
  auto model = std::make_unique<ConvNet>(std::move(blocks), std::move(layers), config.activation(), shape.classes == 0);
  if (const absl::Status sensible = CheckSizes(path, model->parameters()); !sensible.ok()) {
    return sensible;
  }
  return model;
}

const ModelRegistration<ConvNetConfig> convnet(BuildConvNet);

}  // namespace
}  // namespace baton
