#ifndef BATON_MODELS_CRITERION_H_
#define BATON_MODELS_CRITERION_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "base/parameter_spec.h"
#include "models/batch.h"
#include "models/metric_spec.h"
#include "models/model.h"
#include "models/named_tensors.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// A loss as a sum and the weight by which the sum is to be divided. Sums of parts of a batch add up, and the division
// is done once for the whole batch, so that cutting a batch into micro-batches changes nothing but rounding. Both are
// scalars on the batch's device, of any floating type: nothing is read back in the middle of a step.
struct LossSum {
  at::Tensor sum;
  at::Tensor weight;
  // While training (CriterionContext): the gradient of the sum with respect to the outputs, from a criterion that
  // computes it itself; the sum is then no part of libtorch's graph. Not defined: autograd gives it.
  at::Tensor gradient = {};
};

// A batch's part of a metric: the sums over all batches, in their order and in double, divided, are the metric. Both
// are scalars on the batch's device, of any type.
struct MetricSum {
  at::Tensor sum;
  at::Tensor weight;
};

struct CriterionContext {
  bool training = false;
  // The criterion's. While training a copy of this micro-batch's own, which Loss may change in place; else to be read
  // only. As with a model's buffers, the step's new ones are the mean of the copies, weighted by rows.
  NamedTensors tensors = {};
};

// Thread-safe.
class Criterion {
 public:
  virtual ~Criterion() = default;

  // Tensors that belong to it and are part of a snapshot, e.g. "class_weights". Like a model's buffers they are handed
  // in, so that what a snapshot restored is what is used. Their values must be finite.
  const std::vector<ParameterSpec>& tensors() const { return tensors_; }
  const std::vector<MetricSpec>& metrics() const { return metrics_; }

  // Of a model's outputs against the batch's "target". Throws what libtorch throws.
  virtual LossSum Loss(const at::Tensor& outputs, const Batch& batch, const CriterionContext& context) const = 0;
  // In the order of metrics().
  virtual std::vector<MetricSum> Metrics(const at::Tensor& /*outputs*/, const Batch& /*batch*/) const { return {}; }

  // Tensors in the declared order, by name.
  NamedTensors NameTensors(absl::Span<const at::Tensor> tensors) const { return {index_, tensors}; }

 protected:
  explicit Criterion(std::vector<ParameterSpec> tensors = {}, std::vector<MetricSpec> metrics = {})
      : tensors_(std::move(tensors)),
        metrics_(std::move(metrics)),
        index_(std::make_shared<const TensorIndex>(tensors_)) {}

 private:
  const std::vector<ParameterSpec> tensors_;
  const std::vector<MetricSpec> metrics_;
  const std::shared_ptr<const TensorIndex> index_;
};

}  // namespace baton

#endif  // BATON_MODELS_CRITERION_H_
