#ifndef BATON_TRAINING_TEST_EXAMPLES_H_
#define BATON_TRAINING_TEST_EXAMPLES_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "base/random.h"
#include "base/safetensors.h"
#include "training/examples.h"

namespace baton {

// For tests: random features in [-1, 1) and random classes, which have nothing to do with each other, so that
// validation losses go up and down. The same for the same arguments.
inline Examples TestExamples(absl::string_view name, int64_t rows, int64_t features, int64_t classes) {
  HostTensor inputs{.name = "features", .dtype = DType::kF32, .shape = {rows, features}, .bytes = {}};
  HostTensor target{.name = "target", .dtype = DType::kI64, .shape = {rows}, .bytes = {}};
  for (int64_t i = 0; i < rows * features; ++i) {
    const float value = static_cast<float>(MixSeed(3, name, i) % 2000) / 1000.0f - 1;
    inputs.bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t value = static_cast<int64_t>(MixSeed(3, "target", i) % classes);
    target.bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  return Examples::Create({inputs, target}, at::kCPU).value();
}

}  // namespace baton

#endif  // BATON_TRAINING_TEST_EXAMPLES_H_
