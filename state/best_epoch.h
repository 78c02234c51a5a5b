#ifndef BATON_STATE_BEST_EPOCH_H_
#define BATON_STATE_BEST_EPOCH_H_

#include <optional>
#include <string>

#include "state/state.pb.h"

namespace baton {

// What an epoch is chosen by: `selection_metric` is "loss" (of the validation; the lowest is best) or a metric of the
// validation (the highest). nullopt, since it is none of the best, if the epoch has no such value or it is NaN.
std::optional<BestEpoch> CandidateForBest(const EpochHistory& epoch, const std::string& selection_metric);

// The order of candidates, a strict weak one: of equal ones the earlier is better, and one with a metric is better than
// one that was chosen by its loss, when that was selected.
bool IsBetter(const BestEpoch& a, const BestEpoch& b);

}  // namespace baton

#endif  // BATON_STATE_BEST_EPOCH_H_
