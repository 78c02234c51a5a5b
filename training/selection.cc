#include "training/selection.h"

namespace baton {

Selection SelectionOf(const TrainConfig& config, const std::vector<MetricSpec>& metrics) {
  Selection selection = {.metric = config.selection_metric()};
  for (const MetricSpec& metric : metrics) {
    if (metric.name == selection.metric) selection.higher_is_better = metric.higher_is_better;
  }
  return selection;
}

}  // namespace baton
