#include "state/retention.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/status_macros.h"
#include "state/best.h"

namespace baton {
namespace {

bool IsMultiple(uint64_t step, uint64_t of) { return of > 0 && step % of == 0; }

}  // namespace

std::vector<uint64_t> BestSteps(const History& history, const TrainingProgress& progress,
                                const RetentionPolicy& policy) {
  // The order is that of IsBetter(); a history may be long, so no message is built of each measurement.
  struct Candidate {
    double value;  // the lower, the better
    uint64_t step;
    bool operator<(const Candidate& other) const {
      return value != other.value ? value < other.value : step < other.step;
    }
  };
  if (policy.keep_best == 0) return {};
  const bool by_loss = policy.selection_metric == "loss";
  std::set<Candidate> best;
  for (const Measurement& measurement : history) {
    if (measurement.step_index() <= progress.best_since_step()) continue;
    double value = measurement.has_validation_loss() ? measurement.validation_loss() : NAN;
    if (!by_loss) value = -SelectedValue(measurement, policy.selection_metric).value_or(NAN);
    if (std::isnan(value)) continue;
    const Candidate candidate = {value, measurement.step_index()};
    if (best.size() >= policy.keep_best && !(candidate < *best.rbegin())) continue;
    best.insert(candidate);
    if (best.size() > policy.keep_best) best.erase(std::prev(best.end()));
  }
  std::vector<uint64_t> steps;
  for (const Candidate& candidate : best) steps.push_back(candidate.step);
  return steps;
}

bool MustBeKept(const History& history, const TrainingProgress& progress, const RetentionPolicy& policy) {
  const uint64_t step = progress.step_index();
  if (IsMultiple(step, policy.keep_every_steps)) return true;
  if (progress.has_best() && progress.best().step_index() == step) return true;
  const bool measured = !history.empty() && history.back().step_index() == step;
  if (!measured) return false;
  const std::vector<uint64_t> best = BestSteps(history, progress, policy);
  return std::find(best.begin(), best.end(), step) != best.end();
}

absl::StatusOr<std::vector<uint64_t>> StepsToRemove(
    std::vector<uint64_t> steps, const History& history, const TrainingProgress& progress,
    const RetentionPolicy& policy, absl::FunctionRef<absl::StatusOr<std::optional<uint64_t>>(uint64_t step)> best_of) {
  std::erase_if(steps, [&](uint64_t step) { return step > progress.step_index(); });
  std::set<uint64_t> kept = policy.kept_for_good;
  for (size_t i = steps.size() - std::min<size_t>(policy.keep_last, steps.size()); i < steps.size(); ++i) {
    kept.insert(steps[i]);
    ASSIGN_OR_RETURN(const std::optional<uint64_t> best, best_of(steps[i]));
    if (best.has_value()) kept.insert(*best);
  }
  for (const uint64_t step : BestSteps(history, progress, policy)) kept.insert(step);
  std::erase_if(steps, [&](uint64_t step) { return kept.contains(step) || IsMultiple(step, policy.keep_every_steps); });
  return steps;
}

}  // namespace baton
