#ifndef BATON_MODELS_CONVNET_H_
#define BATON_MODELS_CONVNET_H_

#include <memory>

#include "absl/status/statusor.h"
#include "models/config.pb.h"
#include "models/model.h"

namespace baton {

// A convolutional network over features [rows, channels, height, width]. Initial values are PyTorch's: of Conv2d and
// Linear uniform within 1/sqrt(fan-in), of BatchNorm2d weight 1 and bias 0, running mean 0 and variance 1. Batch
// normalisation has PyTorch's momentum 0.1 and epsilon 1e-5. For a regression the one output's dimension is dropped.
//
// Names: "blocks.0.conv.weight" and ".bias", or with batch normalisation "blocks.0.norm.weight" and ".bias" and the
// buffers "blocks.0.norm.running_mean" and ".running_var"; in a residual block "blocks.1.conv1", "norm1", "conv2",
// "norm2", "shortcut_conv", "shortcut_norm"; then "layers.0.weight" and so on.
//
// InvalidArgument names the field that does not fit.
absl::StatusOr<std::unique_ptr<Model>> BuildConvNet(const ConvNetConfig& config, const DataShape& shape);

}  // namespace baton

#endif  // BATON_MODELS_CONVNET_H_
