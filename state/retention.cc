#include "state/retention.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status_macros.h"

namespace baton {
namespace {

// Lower is better; nullopt where the epoch does not say.
std::optional<double> Rank(const EpochHistory& epoch, const std::string& metric) {
  std::optional<double> rank;
  if (metric == "loss") {
    if (epoch.has_validation_loss()) rank = epoch.validation_loss();
  } else if (const auto found = epoch.validation_metrics().find(metric); found != epoch.validation_metrics().end()) {
    rank = -found->second;
  }
  if (rank.has_value() && std::isnan(*rank)) return std::nullopt;
  return rank;
}

bool IsMultiple(uint64_t step, uint64_t of) { return of > 0 && step % of == 0; }

}  // namespace

std::vector<uint64_t> BestSteps(const TrainingProgress& progress, const RetentionPolicy& policy) {
  std::vector<std::pair<double, uint64_t>>
      ranked;  // steps ascend with the epochs, so of equal ranks the earlier is less
  for (const EpochHistory& epoch : progress.history()) {
    if (epoch.epoch_index() < progress.first_comparable_epoch()) continue;
    if (const std::optional<double> rank = Rank(epoch, policy.selection_metric)) {
      ranked.emplace_back(*rank, epoch.step_index());
    }
  }
  const size_t count = std::min<size_t>(policy.keep_best, ranked.size());
  std::partial_sort(ranked.begin(), ranked.begin() + count, ranked.end());
  std::vector<uint64_t> steps;
  for (size_t i = 0; i < count; ++i) steps.push_back(ranked[i].second);
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
