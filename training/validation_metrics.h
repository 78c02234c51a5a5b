#ifndef BATON_TRAINING_VALIDATION_METRICS_H_
#define BATON_TRAINING_VALIDATION_METRICS_H_

#include <string>
#include <vector>

#include "models/config.pb.h"

namespace baton {

// Names of the metrics that a validation with this criterion gives beside its loss. Higher is better for each, so that
// train.selection_metric can be any of them.
inline std::vector<std::string> ValidationMetrics(const CriterionConfig& criterion) {
  if (criterion.has_cross_entropy()) return {"accuracy"};
  return {};
}

}  // namespace baton

#endif  // BATON_TRAINING_VALIDATION_METRICS_H_
