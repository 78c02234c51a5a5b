#ifndef BATON_OPTIM_PLATEAU_H_
#define BATON_OPTIM_PLATEAU_H_

#include "optim/config.pb.h"
#include "optim/plateau_state.pb.h"

namespace baton {

// The one schedule with a state: it follows the validation loss.

// The factor on the learning rate; 1 in the state of the beginning.
double PlateauFactor(const PlateauState& state);

// Takes the loss of a validation in, as torch.optim.lr_scheduler.ReduceLROnPlateau(mode="min", threshold_mode="rel",
// eps=0).step() does.
void UpdatePlateau(const PlateauScheduleConfig& config, double validation_loss, PlateauState& state);

}  // namespace baton

#endif  // BATON_OPTIM_PLATEAU_H_
