#ifndef BATON_BASE_RANDOM_H_
#define BATON_BASE_RANDOM_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace baton {

// All randomness in Baton is a pure function of the configuration's seed and of what it is for, so that there is no
// random state to save: MixSeed(seed, "dropout", step, micro-batch). Different purposes and numbers give independent
// values.
uint64_t MixSeed(uint64_t seed, absl::string_view purpose, uint64_t a = 0, uint64_t b = 0);

// A random permutation of 0 .. n-1 in O(1) memory: At(i) is computed. A balanced Feistel network of 6 rounds over the
// next even power of two, walked until it falls below n (Black and Rogaway, 2002, "Ciphers with Arbitrary Finite
// Domains"). Fewer than 4 walks on average. Thread-safe.
class Permutation {
 public:
  // n > 0.
  Permutation(uint64_t n, uint64_t seed);
  // i < n.
  uint64_t At(uint64_t i) const;

 private:
  const uint64_t n_;
  const uint64_t seed_;
  int half_bits_;
};

}  // namespace baton

#endif  // BATON_BASE_RANDOM_H_
