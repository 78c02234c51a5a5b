#ifndef BATON_STATE_BEST_H_
#define BATON_STATE_BEST_H_

#include <optional>
#include <string>

#include "base/history.pb.h"
#include "state/state.pb.h"

namespace baton {

// By what measurements of a validation are compared: their loss, or one of their metrics.
struct Selection {
  std::string metric = "loss";
  bool higher_is_better = false;
};

// The value that counts. nullopt if the measurement has no such value, or it is NaN: it is none of the best.
std::optional<double> SelectedValue(const Measurement& measurement, const Selection& selection);
std::optional<Best> CandidateForBest(const Measurement& measurement, const Selection& selection);

// The order of candidates for the same selection, a strict weak one: of equal ones the earlier is better.
bool IsBetter(const Best& a, const Best& b, const Selection& selection);

}  // namespace baton

#endif  // BATON_STATE_BEST_H_
