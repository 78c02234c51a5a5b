#ifndef BATON_TRAINING_SELECTION_H_
#define BATON_TRAINING_SELECTION_H_

#include <vector>

#include "models/metric_spec.h"
#include "state/best.h"
#include "training/config.pb.h"

namespace baton {

// By what a training with this configuration chooses its best snapshot. `metrics` are those that its criterion counts:
// they say which direction is better. Free of torch.
Selection SelectionOf(const TrainConfig& config, const std::vector<MetricSpec>& metrics);

}  // namespace baton

#endif  // BATON_TRAINING_SELECTION_H_
