#ifndef BATON_STATE_RETENTION_H_
#define BATON_STATE_RETENTION_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "state/history.h"
#include "state/state.pb.h"

namespace baton {

// Which snapshots stay is a function of the steps that have one and of a State's history: nothing is remembered beside
// it, so a run that was resumed forgets nothing. The policy may be another one each time; what an earlier one removed
// is gone.
struct RetentionPolicy {
  // The newest this many stay, and the best one that each of them names, so that each is a State to go on from. >= 1.
  uint64_t keep_last = 1;
  // Those of steps that are multiples of it stay. 0: none for this reason.
  uint64_t keep_every_steps = 0;
  // Those of this many of the best measurements stay. >= 1.
  uint64_t keep_best = 1;
  // How measurements are compared (state/best.h).
  std::string selection_metric = "loss";
  // Steps whose snapshots stay for other reasons: they finished a training.
  std::set<uint64_t> kept_for_good = {};
};

// Steps of the best measurements of the history: at most keep_best of them, the best one first. Those up to
// progress.best_since_step are left out. Takes some nanoseconds a measurement.
std::vector<uint64_t> BestSteps(const History& history, const TrainingProgress& progress,
                                const RetentionPolicy& policy);

// Whether the policy keeps a snapshot of this State, which stands between two steps, beyond the newest ones: it is due
// now and must not be left out. So is that of the measurement that the State names as its best, which need not be among
// BestSteps(): what the loss means may have changed since the earlier ones.
bool MustBeKept(const History& history, const TrainingProgress& progress, const RetentionPolicy& policy);

// Steps of the snapshots to remove, ascending. `steps` have one and are ascending; `history` and `progress` are those
// of the newest State of this training; snapshots of later steps, from before training was taken up again further back,
// are left alone. `best_of` says which step the State of a step names as its best, if it names one; it is asked for the
// newest ones alone, and its error is returned.
absl::StatusOr<std::vector<uint64_t>> StepsToRemove(
    std::vector<uint64_t> steps, const History& history, const TrainingProgress& progress,
    const RetentionPolicy& policy, absl::FunctionRef<absl::StatusOr<std::optional<uint64_t>>(uint64_t step)> best_of);

}  // namespace baton

#endif  // BATON_STATE_RETENTION_H_
