#ifndef BATON_TRAINING_ENVIRONMENT_H_
#define BATON_TRAINING_ENVIRONMENT_H_

#include <array>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "state/state.pb.h"
#include "training/config.pb.h"

#include "third_party/torch_begin.h"

#include <c10/core/Device.h>

#include "third_party/torch_end.h"

namespace baton {

// Where this process computes, as far as bits may depend on it.
Environment CurrentEnvironment(at::Device device);

// Name, old and new value of all that differs.
std::vector<std::array<std::string, 3>> EnvironmentDifferences(const Environment& before, const Environment& now);

// With train.strict_environment: FailedPrecondition names all that differs between where training stopped and here.
absl::Status CheckEnvironment(const TrainConfig& config, const Environment& before, const Environment& now);

}  // namespace baton

#endif  // BATON_TRAINING_ENVIRONMENT_H_
