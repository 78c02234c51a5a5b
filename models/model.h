#ifndef BATON_MODELS_MODEL_H_
#define BATON_MODELS_MODEL_H_

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/parameter_spec.h"
#include "models/batch.h"
#include "models/config.pb.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// A function from parameters and a batch to outputs. It owns no tensors: the parameters are handed in, so that workers
// share one model, each with leaf tensors (and gradients) of its own over the same memory. Thread-safe.
class Model {
 public:
  virtual ~Model() = default;

  // The parameters that Forward takes, in this order.
  const std::vector<ParameterSpec>& parameters() const { return parameters_; }

  // Outputs of a batch: [rows, classes] scores, or [rows] numbers. While training, `generator` holds the random numbers
  // of this micro-batch and step, and dropout draws from it; without one dropout is off. Throws what libtorch throws.
  virtual at::Tensor Forward(absl::Span<const at::Tensor> parameters, const Batch& batch,
                             std::optional<at::Generator> generator) const = 0;

 protected:
  explicit Model(std::vector<ParameterSpec> parameters) : parameters_(std::move(parameters)) {}

 private:
  const std::vector<ParameterSpec> parameters_;
};

// What a model must know of the data.
struct DataShape {
  int64_t features = 0;
  // 0 for a regression.
  int64_t classes = 0;
};

// InvalidArgument names the field of the configuration that does not fit.
absl::StatusOr<std::unique_ptr<Model>> BuildModel(const ModelConfig& config, const DataShape& shape);

}  // namespace baton

#endif  // BATON_MODELS_MODEL_H_
