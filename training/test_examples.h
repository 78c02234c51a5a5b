#ifndef BATON_TRAINING_TEST_EXAMPLES_H_
#define BATON_TRAINING_TEST_EXAMPLES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/random.h"
#include "base/safetensors.h"
#include "training/batch_source.h"

namespace baton {

// For tests: random features of `shape` in [-1, 1) and random classes, which have nothing to do with each other, so
// that validation losses go up and down. The same for the same arguments.
inline TensorSource TestExamples(absl::string_view name, int64_t rows, const std::vector<int64_t>& shape,
                                 int64_t classes) {
  HostTensor inputs{.name = "features", .dtype = DType::kF32, .shape = {rows}, .bytes = {}};
  int64_t features = 1;
  for (const int64_t dimension : shape) {
    inputs.shape.push_back(dimension);
    features *= dimension;
  }
  HostTensor target{.name = "target", .dtype = DType::kI64, .shape = {rows}, .bytes = {}};
  for (int64_t i = 0; i < rows * features; ++i) {
    const float value = static_cast<float>(MixSeed(3, name, i) % 2000) / 1000.0f - 1;
    inputs.bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t value = static_cast<int64_t>(MixSeed(3, "target", i) % classes);
    target.bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  return TensorSource::FromHost({inputs, target}, at::kCPU).value();
}

inline TensorSource TestExamples(absl::string_view name, int64_t rows, int64_t features, int64_t classes) {
  return TestExamples(name, rows, std::vector<int64_t>{features}, classes);
}

}  // namespace baton

#endif  // BATON_TRAINING_TEST_EXAMPLES_H_
