#include "optim/plateau.h"

#include <algorithm>

namespace baton {

double PlateauFactor(const PlateauState& state) { return state.has_factor() ? state.factor() : 1; }

void UpdatePlateau(const PlateauScheduleConfig& config, double validation_loss, PlateauState& state) {
  if (!state.has_best() || validation_loss < state.best() * (1 - config.threshold())) {
    state.set_best(validation_loss);
    state.set_bad_validations(0);
  } else {
    state.set_bad_validations(state.bad_validations() + 1);
  }
  if (state.cooldown_left() > 0) {
    state.set_cooldown_left(state.cooldown_left() - 1);
    state.set_bad_validations(0);
  }
  if (state.bad_validations() <= config.patience()) return;
  state.set_factor(std::max(PlateauFactor(state) * config.factor(), config.min_factor()));
  state.set_cooldown_left(config.cooldown());
  state.set_bad_validations(0);
}

}  // namespace baton
