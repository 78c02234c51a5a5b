#ifndef BATON_MODELS_CRITERION_H_
#define BATON_MODELS_CRITERION_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "models/batch.h"
#include "models/config.pb.h"

#include "third_party/torch_begin.h"

#include <ATen/core/Tensor.h>

#include "third_party/torch_end.h"

namespace baton {

// A loss as a sum and the weight by which the sum is to be divided. Sums of parts of a batch add up, and the division
// is done once for the whole batch, so that cutting a batch into micro-batches changes nothing but rounding.
struct LossSum {
  at::Tensor sum;  // scalar
  double weight = 0;
};

// Thread-safe.
class Criterion {
 public:
  virtual ~Criterion() = default;

  // Of a model's outputs against the batch's "target". Throws what libtorch throws.
  virtual LossSum Loss(const at::Tensor& outputs, const Batch& batch) const = 0;
  // Rows whose highest score is the target's; absent for a regression.
  virtual std::optional<int64_t> CorrectRows(const at::Tensor& outputs, const Batch& batch) const = 0;

  // Tensors that belong to it, by name, e.g. "class_weights"; part of a snapshot.
  const std::vector<std::pair<std::string, at::Tensor>>& tensors() const { return tensors_; }

 protected:
  std::vector<std::pair<std::string, at::Tensor>> tensors_;
};

// `classes` is 0 for a regression. InvalidArgument names the field that does not fit.
absl::StatusOr<std::unique_ptr<Criterion>> BuildCriterion(const CriterionConfig& config, int64_t classes,
                                                          at::Device device);

}  // namespace baton

#endif  // BATON_MODELS_CRITERION_H_
