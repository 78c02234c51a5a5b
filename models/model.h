#ifndef BATON_MODELS_MODEL_H_
#define BATON_MODELS_MODEL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/parameter_spec.h"
#include "models/batch.h"
#include "models/named_tensors.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// What a forward pass is given beside parameters and batch.
struct ForwardContext {
  bool training = false;
  // The random numbers of this step and micro-batch; set only while training.
  std::optional<at::Generator> generator = std::nullopt;
  // While training a copy of this micro-batch's own, which Forward changes in place as PyTorch's modules do theirs;
  // else to be read only. The step's new buffers are the mean of the copies, weighted by rows.
  NamedTensors buffers = {};
  // While training, where the gradient of each parameter is wanted; their values are arbitrary. An autograd function of
  // the model's own may write a gradient there and return that tensor from its backward, which saves a copy. Only for a
  // parameter that it uses once. Empty: nowhere in particular.
  NamedTensors gradients = {};
};

// Outputs of a batch while training and, from a model that computes its gradients itself, how it does so.
struct TrainingPass {
  at::Tensor outputs;
  // Takes the gradient of the loss sum with respect to the outputs, and writes those with respect to all parameters
  // where the context wants them. Called once at most, after Forward's arguments are gone. Null: libtorch's autograd
  // gives the gradients of outputs that are part of its graph.
  std::function<void(const at::Tensor& output_gradient)> backward = nullptr;
};

// A function from parameters and a batch to outputs. It owns no tensors: they are handed in, so that workers share one
// model, each with leaf tensors (and gradients) of its own over the same memory. Thread-safe.
class Model {
 public:
  virtual ~Model() = default;

  // The parameters that Forward takes.
  const std::vector<ParameterSpec>& parameters() const { return parameters_; }
  // The tensors that Forward changes while training, such as running statistics; the optimizer does not. Their values
  // must be finite.
  const std::vector<ParameterSpec>& buffers() const { return buffers_; }

  // The least rows that a micro-batch which is not empty may have while training.
  virtual int64_t min_training_rows() const { return 1; }
  // Whether Forward draws from libtorch's process-wide generator instead of its context's. It is then seeded for each
  // step, and training takes one worker only.
  virtual bool uses_process_wide_generator() const { return false; }

  // Outputs of a batch: [rows, classes] scores, or [rows] numbers. Dropout is on only while training. Throws what
  // libtorch throws.
  virtual at::Tensor Forward(const NamedTensors& parameters, const Batch& batch,
                             const ForwardContext& context) const = 0;

  // The same while training, when a context says where gradients are wanted. A model of few small layers may override
  // it to compute them itself: of a step of some 50 microseconds libtorch's autograd takes half.
  virtual TrainingPass ForwardToTrain(const NamedTensors& parameters, const Batch& batch,
                                      const ForwardContext& context) const {
    return {Forward(parameters, batch, context)};
  }

  // Tensors in the declared order, by name.
  NamedTensors NameParameters(absl::Span<const at::Tensor> tensors) const { return {parameter_index_, tensors}; }
  NamedTensors NameBuffers(absl::Span<const at::Tensor> tensors) const { return {buffer_index_, tensors}; }

 protected:
  explicit Model(std::vector<ParameterSpec> parameters, std::vector<ParameterSpec> buffers = {});

 private:
  const std::vector<ParameterSpec> parameters_;
  const std::vector<ParameterSpec> buffers_;
  const std::shared_ptr<const TensorIndex> parameter_index_;
  const std::shared_ptr<const TensorIndex> buffer_index_;
};

// What a model must know of the data.
struct DataShape {
  // Shape of one example's "features", e.g. {64} or {1, 28, 28}.
  std::vector<int64_t> features;
  // 0 for a regression.
  int64_t classes = 0;

  // Numbers of one example's features.
  int64_t FeatureCount() const;
};

// InvalidArgument if the sizes are too large for any machine, which names `field`, e.g. "train.model.mlp".
absl::Status CheckSizes(absl::string_view field, const std::vector<ParameterSpec>& parameters);

}  // namespace baton

#endif  // BATON_MODELS_MODEL_H_
