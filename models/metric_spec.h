#ifndef BATON_MODELS_METRIC_SPEC_H_
#define BATON_MODELS_METRIC_SPEC_H_

#include <string>

namespace baton {

// A number that a validation gives beside the loss.
struct MetricSpec {
  std::string name;  // "accuracy"
  bool higher_is_better = true;
};

}  // namespace baton

#endif  // BATON_MODELS_METRIC_SPEC_H_
