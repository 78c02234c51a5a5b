#ifndef BATON_MODELS_MEAN_SQUARED_ERROR_H_
#define BATON_MODELS_MEAN_SQUARED_ERROR_H_

#include <memory>

#include "models/criterion.h"

namespace baton {

// The mean of (output - target)^2. A configuration finds it through the registry.
std::unique_ptr<Criterion> MakeMeanSquaredError();

}  // namespace baton

#endif  // BATON_MODELS_MEAN_SQUARED_ERROR_H_
