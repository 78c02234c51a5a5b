#include "state/retention.h"

#include <algorithm>

#include "base/status_macros.h"
#include "state/best_epoch.h"

namespace baton {
namespace {

bool IsMultiple(uint64_t step, uint64_t of) { return of > 0 && step % of == 0; }

}  // namespace

std::vector<uint64_t> BestSteps(const TrainingProgress& progress, const RetentionPolicy& policy) {
  std::vector<BestEpoch> candidates;
  for (const EpochHistory& epoch : progress.history()) {
    if (epoch.epoch_index() < progress.first_comparable_epoch()) continue;
    if (const auto candidate = CandidateForBest(epoch, policy.selection_metric)) candidates.push_back(*candidate);
  }
  const size_t count = std::min<size_t>(policy.keep_best, candidates.size());
  std::partial_sort(candidates.begin(), candidates.begin() + count, candidates.end(), IsBetter);
  std::vector<uint64_t> steps;
  for (size_t i = 0; i < count; ++i) steps.push_back(candidates[i].step_index());
  return steps;
}

bool MustBeKept(const TrainingProgress& progress, const RetentionPolicy& policy) {
  const uint64_t step = progress.step_index();
  if (IsMultiple(step, policy.keep_every_steps)) return true;
  if (progress.has_best() && progress.best().step_index() == step) return true;
  const bool epoch_ended = !progress.history().empty() && progress.history().rbegin()->step_index() == step;
  if (!epoch_ended) return false;
  const std::vector<uint64_t> best = BestSteps(progress, policy);
  return std::find(best.begin(), best.end(), step) != best.end();
}

absl::StatusOr<std::vector<uint64_t>> StepsToRemove(
    std::vector<uint64_t> steps, const TrainingProgress& progress, const RetentionPolicy& policy,
    absl::FunctionRef<absl::StatusOr<std::optional<uint64_t>>(uint64_t step)> best_of) {
  std::erase_if(steps, [&](uint64_t step) { return step > progress.step_index(); });
  std::set<uint64_t> kept = policy.kept_for_good;
  for (size_t i = steps.size() - std::min<size_t>(policy.keep_last, steps.size()); i < steps.size(); ++i) {
    kept.insert(steps[i]);
    ASSIGN_OR_RETURN(const std::optional<uint64_t> best, best_of(steps[i]));
    if (best.has_value()) kept.insert(*best);
  }
  for (const uint64_t step : BestSteps(progress, policy)) kept.insert(step);
  std::erase_if(steps, [&](uint64_t step) { return kept.contains(step) || IsMultiple(step, policy.keep_every_steps); });
  return steps;
}

}  // namespace baton
