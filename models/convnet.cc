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

absl::Status Unfit(absl::string_view path, size_t block, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ".blocks[", block, "] ", what));
}

// Takes the next block of the configuration.
absl::Status AddBlock(const ConvNetConfig::Block& config, absl::string_view path, Blocks& blocks) {
  const size_t index = blocks.blocks.size();
  const std::string name = absl::StrCat("blocks.", index, ".");
  Block block{.layers = {}, .residual = config.has_residual(), .shortcut = {}, .pool = config.pool()};
  const int64_t channels = config.has_residual() ? config.residual().channels() : config.conv().channels();
  if (config.has_conv()) {
    const ConvNetConfig::Conv& conv = config.conv();
    const int64_t kernel = conv.kernel();
    const int64_t padding = conv.has_padding() ? conv.padding() : kernel / 2;
    const int64_t height = blocks.height + 2 * padding - kernel + 1, width = blocks.width + 2 * padding - kernel + 1;
    if (height < 1 || width < 1) {
      return Unfit(path, index,
                   absl::StrCat("has a kernel of ", kernel, " with padding ", padding, " for a picture of ",
                                blocks.height, " x ", blocks.width, ", which is smaller"));
    }
    block.layers.push_back(
        blocks.Add(name + "conv", conv.batch_norm() ? name + "norm" : "", channels, kernel, padding));
    blocks.height = height;
    blocks.width = width;
    blocks.channels = channels;
  } else {
    if (channels != blocks.channels) {
      block.shortcut = blocks.Add(name + "shortcut_conv", name + "shortcut_norm", channels, 1, 0);
    }
    for (const char* const number : {"1", "2"}) {
      block.layers.push_back(blocks.Add(name + "conv" + number, name + "norm" + number, channels, 3, 1));
      blocks.channels = channels;
    }
  }
  blocks.height /= block.pool;
  blocks.width /= block.pool;
  if (blocks.height == 0 || blocks.width == 0) return Unfit(path, index, "pools more than the picture has");
  blocks.blocks.push_back(std::move(block));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Model>> BuildConvNet(const ConvNetConfig& config, const DataShape& shape,
                                                    absl::string_view path) {
  if (shape.features.size() != 3) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " needs examples of shape [channels, height, width], but theirs is [",
                     absl::StrJoin(shape.features, ", "), "]; set load.table.feature_shape, e.g. [1, 28, 28]"));
  }
  Blocks blocks{.blocks = {},
                .parameters = {},
                .buffers = {},
                .channels = shape.features[0],
                .height = shape.features[1],
                .width = shape.features[2]};
  for (const ConvNetConfig::Block& block : config.blocks()) {
    if (const absl::Status added = AddBlock(block, path, blocks); !added.ok()) return added;
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
