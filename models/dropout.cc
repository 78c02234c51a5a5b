#include "models/dropout.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "third_party/torch_begin.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty_like.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

// Random numbers by the hundred: eight generators sfc32 side by side (small fast counting, Chris Doty-Humphrey,
// PractRand), which the compiler turns into vector instructions. libtorch's bernoulli_ takes ten times as long, which
// is a fifth of a small network's step.
class Sfc32x8 {
 public:
  using Vector = uint32_t __attribute__((vector_size(32)));

  explicit Sfc32x8(uint64_t seed) {
    for (int lane = 0; lane < 8; ++lane) {
      a_[lane] = static_cast<uint32_t>(seed);
      b_[lane] = static_cast<uint32_t>(seed >> 32);
      c_[lane] = lane;
      counter_[lane] = 1;
    }
    Vector unused;
    for (int i = 0; i < 15; ++i) Next(unused);  // until seeds that differ in one bit give other numbers
  }

  void Next(Vector& numbers) {
    numbers = a_ + b_ + counter_;
    counter_ += 1;
    a_ = b_ ^ (b_ >> 9);
    b_ = c_ + (c_ << 3);
    c_ = ((c_ << 21) | (c_ >> 11)) + numbers;
  }

 private:
  Vector a_, b_, c_, counter_;
};

void FillMask(uint64_t seed, double probability, float* mask, int64_t size) {
  const float scale = static_cast<float>(1 / (1 - probability));
  const uint32_t scale_bits = std::bit_cast<uint32_t>(scale);
  const uint32_t threshold = static_cast<uint32_t>(std::min(std::round(probability * 0x1p32), 0x1p32 - 1));
  Sfc32x8 random(seed);
  Sfc32x8::Vector numbers;
  for (int64_t i = 0; i < size; i += 8) {
    random.Next(numbers);
    numbers = reinterpret_cast<Sfc32x8::Vector>(numbers >= threshold) & scale_bits;
    std::memcpy(mask + i, &numbers, sizeof(float) * std::min<int64_t>(8, size - i));
  }
}

}  // namespace

at::Tensor DropoutMask(const at::Tensor& x, double probability, at::Generator generator) {
  at::Tensor mask = at::empty_like(x, x.options().requires_grad(false), at::MemoryFormat::Contiguous);
  if (!mask.is_cpu() || mask.scalar_type() != at::kFloat) {
    return mask.bernoulli_(1 - probability, generator).div_(1 - probability);
  }
  const uint64_t seed = at::check_generator<at::CPUGeneratorImpl>(generator)->random64();
  FillMask(seed, probability, mask.mutable_data_ptr<float>(), mask.numel());
  return mask;
}

at::Tensor Dropout(const at::Tensor& x, double probability, const std::optional<at::Generator>& generator) {
  if (!generator.has_value() || probability == 0) return x;
  return x.mul(DropoutMask(x, probability, *generator));
}

}  // namespace baton
