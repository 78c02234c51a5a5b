#include "state/best.h"

#include <cmath>

namespace baton {

std::optional<double> SelectedValue(const Measurement& measurement, const Selection& selection) {
  std::optional<double> value;
  if (selection.metric == "loss") {
    if (measurement.has_validation_loss()) value = measurement.validation_loss();
  } else {
    const auto metric = measurement.validation_metrics().find(selection.metric);
    if (metric != measurement.validation_metrics().end()) value = metric->second;
  }
  return value.has_value() && std::isnan(*value) ? std::nullopt : value;
}

std::optional<Best> CandidateForBest(const Measurement& measurement, const Selection& selection) {
  const std::optional<double> value = SelectedValue(measurement, selection);
  if (!value.has_value()) return std::nullopt;
  Best candidate;
  candidate.set_step_index(measurement.step_index());
  candidate.set_epoch_index(measurement.epoch_index());
  if (measurement.has_validation_loss()) candidate.set_validation_loss(measurement.validation_loss());
  if (selection.metric != "loss") candidate.set_metric(*value);
  return candidate;
}

bool IsBetter(const Best& a, const Best& b, const Selection& selection) {
  const double value_a = a.has_metric() ? a.metric() : a.validation_loss();
  const double value_b = b.has_metric() ? b.metric() : b.validation_loss();
  if (value_a != value_b) return (value_a > value_b) == selection.higher_is_better;
  return a.step_index() < b.step_index();
}

}  // namespace baton
