#ifndef BATON_PIPELINE_CONFIG_VALIDATE_TRAIN_H_
#define BATON_PIPELINE_CONFIG_VALIDATE_TRAIN_H_

#include "base/config_problems.h"
#include "pipeline/config/config.pb.h"

namespace baton {

// What of a train configuration cannot be used, by itself or with this load configuration.
void CheckTrain(const TrainConfig& train, const LoadConfig& load, ConfigProblems& problems);

}  // namespace baton

#endif  // BATON_PIPELINE_CONFIG_VALIDATE_TRAIN_H_
