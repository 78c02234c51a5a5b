#ifndef BATON_STATE_BEST_H_
#define BATON_STATE_BEST_H_

#include <optional>
#include <string>

#include "base/history.pb.h"
#include "state/state.pb.h"

namespace baton {

// What a measurement is chosen by: `selection_metric` is "loss" (of the validation; the lowest is best) or a metric of
// the validation (the highest). nullopt, since it is none of the best, if it has no such value or it is NaN.
std::optional<double> SelectedValue(const Measurement& measurement, const std::string& selection_metric);
std::optional<Best> CandidateForBest(const Measurement& measurement, const std::string& selection_metric);

// The order of candidates, a strict weak one: of equal ones the earlier is better, and one with a metric is better than
// one that was chosen by its loss, when that was selected.
bool IsBetter(const Best& a, const Best& b);

}  // namespace baton

#endif  // BATON_STATE_BEST_H_
