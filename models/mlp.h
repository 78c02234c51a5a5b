#ifndef BATON_MODELS_MLP_H_
#define BATON_MODELS_MLP_H_

#include <cstdint>
#include <vector>

#include "models/config.pb.h"
#include "models/model.h"

namespace baton {

// Linear maps with an activation and dropout between them; without a hidden layer the linear and the logistic model.
// Weights and biases start uniform within 1/sqrt(fan-in), as PyTorch's Linear.
class Mlp : public Model {
 public:
  // `sizes` from the number of features to the number of outputs, at least two. With `squeeze` the one output's
  // dimension is dropped: [rows] instead of [rows, 1].
  Mlp(const std::vector<int64_t>& sizes, MlpConfig::Activation activation, double dropout, bool squeeze);

  at::Tensor Forward(absl::Span<const at::Tensor> parameters, const Batch& batch,
                     std::optional<at::Generator> generator) const override;

 private:
  const int layers_;
  const MlpConfig::Activation activation_;
  const double dropout_;
  const bool squeeze_;
};

}  // namespace baton

#endif  // BATON_MODELS_MLP_H_
