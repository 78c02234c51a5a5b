#ifndef BATON_MODELS_CROSS_ENTROPY_H_
#define BATON_MODELS_CROSS_ENTROPY_H_

#include <memory>
#include <vector>

#include "models/criterion.h"

namespace baton {

// Softmax cross-entropy against class indices, with the accuracy as its metric. `class_weights` one a class, above 0,
// or empty for all 1. A configuration finds it through the registry.
std::unique_ptr<Criterion> MakeCrossEntropy(const std::vector<double>& class_weights = {});

}  // namespace baton

#endif  // BATON_MODELS_CROSS_ENTROPY_H_
