#include "models/dropout.h"

#include "gtest/gtest.h"

#include "third_party/torch_begin.h"

#include <ATen/Context.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

at::Generator Seeded(uint64_t seed) {
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU).clone();
  generator.set_current_seed(seed);
  return generator;
}

TEST(Dropout, IsOffWithoutAGeneratorAndAtZero) {
  const at::Tensor x = at::ones({4});
  EXPECT_TRUE(Dropout(x, 0.5, std::nullopt).is_same(x));
  EXPECT_TRUE(Dropout(x, 0, Seeded(1)).is_same(x));
}

TEST(Dropout, ZeroesTheShareAndScalesTheRest) {
  const at::Tensor y = Dropout(at::ones({100000}), 0.2, Seeded(1));
  const double kept = y.ne(0).sum().item<double>() / 100000;
  EXPECT_NEAR(kept, 0.8, 0.006);  // 4.7 standard deviations
  EXPECT_TRUE(at::equal(y, y.ne(0).to(at::kFloat).mul(1.25)));
}

TEST(Dropout, DependsOnItsGeneratorAlone) {
  const at::Tensor x = at::ones({1000});
  const at::Tensor y = Dropout(x, 0.5, Seeded(7));
  at::Generator(at::globalContext().defaultGenerator(at::kCPU)).set_current_seed(99);
  EXPECT_TRUE(at::equal(y, Dropout(x, 0.5, Seeded(7))));
  EXPECT_FALSE(at::equal(y, Dropout(x, 0.5, Seeded(8))));
}

}  // namespace
}  // namespace baton
