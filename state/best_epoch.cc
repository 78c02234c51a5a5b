#include "state/best_epoch.h"

#include <cmath>

namespace baton {

std::optional<BestEpoch> CandidateForBest(const EpochHistory& epoch, const std::string& selection_metric) {
  BestEpoch candidate;
  candidate.set_epoch_index(epoch.epoch_index());
  candidate.set_step_index(epoch.step_index());
  if (epoch.has_validation_loss()) candidate.set_validation_loss(epoch.validation_loss());
  if (selection_metric == "loss") {
    if (!epoch.has_validation_loss() || std::isnan(epoch.validation_loss())) return std::nullopt;
    return candidate;
  }
  const auto metric = epoch.validation_metrics().find(selection_metric);
  if (metric == epoch.validation_metrics().end() || std::isnan(metric->second)) return std::nullopt;
  candidate.set_metric(metric->second);
  return candidate;
}

bool IsBetter(const BestEpoch& a, const BestEpoch& b) {
  if (a.has_metric() != b.has_metric()) return a.has_metric();
  if (a.metric() != b.metric()) return a.metric() > b.metric();
  if (!a.has_metric() && a.validation_loss() != b.validation_loss()) return a.validation_loss() < b.validation_loss();
  return a.step_index() < b.step_index();
}

}  // namespace baton
