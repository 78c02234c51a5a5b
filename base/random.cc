#include "base/random.h"

#include <bit>

namespace baton {
namespace {

// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): a bijection in which every input bit reaches every output
// bit.
uint64_t Scramble(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

constexpr int kRounds = 6;

}  // namespace

uint64_t MixSeed(uint64_t seed, absl::string_view purpose, uint64_t a, uint64_t b) {
  uint64_t mixed = Scramble(seed);
  for (const char c : purpose) mixed = Scramble(mixed ^ static_cast<unsigned char>(c));
  // The length keeps ("ab", 0) apart from ("a", 'b').
  mixed = Scramble(mixed ^ (purpose.size() << 32));
  mixed = Scramble(mixed ^ a);
  return Scramble(mixed ^ b);
}

Permutation::Permutation(uint64_t n, uint64_t seed) : n_(n), seed_(seed) {
  const int bits = std::bit_width(n > 1 ? n - 1 : 1);
  half_bits_ = (bits + 1) / 2;
}

uint64_t Permutation::At(uint64_t i) const {
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  do {
    uint64_t left = i >> half_bits_;
    uint64_t right = i & mask;
    for (uint64_t round = 0; round < kRounds; ++round) {
      const uint64_t next = left ^ (Scramble(seed_ ^ Scramble(right + (round << 56))) & mask);
      left = right;
      right = next;
    }
    i = left << half_bits_ | right;
  } while (i >= n_);
  return i;
}

}  // namespace baton
