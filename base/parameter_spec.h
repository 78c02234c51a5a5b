#ifndef BATON_BASE_PARAMETER_SPEC_H_
#define BATON_BASE_PARAMETER_SPEC_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace baton {

// What a tensor holds before the first step.
struct InitialZeros {};
struct InitialOnes {};
// Uniform in [-bound, bound).
struct InitialUniform {
  double bound = 0;
};
// Normal with mean 0.
struct InitialNormal {
  double standard_deviation = 0;
};
// These, in row-major order, as many as the shape has.
struct InitialValuesGiven {
  std::vector<double> values;
};
using InitialValues = std::variant<InitialZeros, InitialOnes, InitialUniform, InitialNormal, InitialValuesGiven>;

// A tensor that a model declares, free of torch: a parameter, which the optimizer changes, or a buffer, which the model
// itself changes while it is trained. All are F32.
struct ParameterSpec {
  // Unique in the model, e.g. "layers.0.weight".
  std::string name;
  std::vector<int64_t> shape;
  // Whether the optimizer's weight decay applies.
  bool weight_decay = false;
  InitialValues initial = InitialZeros();
};

}  // namespace baton

#endif  // BATON_BASE_PARAMETER_SPEC_H_
