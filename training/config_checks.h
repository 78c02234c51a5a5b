#ifndef BATON_TRAINING_CONFIG_CHECKS_H_
#define BATON_TRAINING_CONFIG_CHECKS_H_

#include "base/config_problems.h"
#include "models/data_description.h"
#include "models/metric_spec.h"
#include "training/config.pb.h"

namespace baton {

// What of a configuration of training cannot be used, by itself or with such data. Fields are named from "train" on.
void CheckTrainConfig(const TrainConfig& train, const DataDescription& data, ConfigProblems& problems);

// The same of all but the choice of model, criterion and initial weights: for those who build these themselves.
// `metrics` are the criterion's.
void CheckTraining(const TrainConfig& train, const std::vector<MetricSpec>& metrics, ConfigProblems& problems);

// What of it only a validation can decide, and there is none. `metrics` are the criterion's. `remedy` says how to get
// one, e.g. "raise load.split.validation_fraction".
void CheckWithoutValidation(const TrainConfig& train, const std::vector<MetricSpec>& metrics, absl::string_view remedy,
                            ConfigProblems& problems);

}  // namespace baton

#endif  // BATON_TRAINING_CONFIG_CHECKS_H_
