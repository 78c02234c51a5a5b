#ifndef BATON_BASE_PARAMETER_SPEC_H_
#define BATON_BASE_PARAMETER_SPEC_H_

#include <cstdint>
#include <string>
#include <vector>

namespace baton {

// A trainable tensor as a model declares it, free of torch. All parameters are F32.
struct ParameterSpec {
  // Unique in the model, e.g. "layers.0.weight".
  std::string name;
  std::vector<int64_t> shape;
  // Whether the optimizer's weight decay applies.
  bool weight_decay = false;
  // Initial values are uniform in [-uniform_bound, uniform_bound).
  double uniform_bound = 0;
};

}  // namespace baton

#endif  // BATON_BASE_PARAMETER_SPEC_H_
