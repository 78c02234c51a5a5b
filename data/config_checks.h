#ifndef BATON_DATA_CONFIG_CHECKS_H_
#define BATON_DATA_CONFIG_CHECKS_H_

#include "base/config_problems.h"
#include "data/config.pb.h"

namespace baton {

// What of load's configuration cannot be used, as far as that follows from it alone. Fields are named from "load" on.
void CheckLoadConfig(const LoadConfig& load, ConfigProblems& problems);

}  // namespace baton

#endif  // BATON_DATA_CONFIG_CHECKS_H_
