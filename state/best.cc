#include "state/best.h"

#include <cmath>

namespace baton {

std::optional<double> SelectedValue(const Measurement& measurement, const std::string& selection_metric) {
  std::optional<double> value;
  if (selection_metric == "loss") {
    if (measurement.has_validation_loss()) value = measurement.validation_loss();
  } else {
    const auto metric = measurement.validation_metrics().find(selection_metric);
    if (metric != measurement.validation_metrics().end()) value = metric->second;
  }
  return value.has_value() && std::isnan(*value) ? std::nullopt : value;
}

std::optional<Best> CandidateForBest(const Measurement& measurement, const std::string& selection_metric) {
  const std::optional<double> value = SelectedValue(measurement, selection_metric);
  if (!value.has_value()) return std::nullopt;
  Best candidate;
  candidate.set_step_index(measurement.step_index());
  candidate.set_epoch_index(measurement.epoch_index());
  if (measurement.has_validation_loss()) candidate.set_validation_loss(measurement.validation_loss());
  if (selection_metric != "loss") candidate.set_metric(*value);
  return candidate;
}

bool IsBetter(const Best& a, const Best& b) {
  if (a.has_metric() != b.has_metric()) return a.has_metric();
  if (a.metric() != b.metric()) return a.metric() > b.metric();
  if (!a.has_metric() && a.validation_loss() != b.validation_loss()) return a.validation_loss() < b.validation_loss();
  return a.step_index() < b.step_index();
}

}  // namespace baton
