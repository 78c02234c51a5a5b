#include "state/tensor_statistics.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "gtest/gtest.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(ComputeStatistics, ByHand) {
  // 2, 4, 4, 4, 5, 5, 7, 9: the textbook's example, with mean 5 and standard deviation 2. 4 + 3 * 16 + 2 * 25 + 49 + 81
  // = 232.
  const TensorStatistics statistics = ComputeStatistics(at::tensor({2.F, 4.F, 4.F, 4.F, 5.F, 5.F, 7.F, 9.F}));
  EXPECT_EQ(statistics.mean, 5);
  EXPECT_EQ(statistics.standard_deviation, 2);
  EXPECT_EQ(statistics.norm, std::sqrt(232.));
  EXPECT_EQ(statistics.minimum, 2);
  EXPECT_EQ(statistics.maximum, 9);
  EXPECT_EQ(statistics.finite_count, 8);
}

TEST(ComputeStatistics, CountsWhatIsNotFiniteAndLeavesItOut) {
  const TensorStatistics statistics = ComputeStatistics(at::tensor({kNan, -3.F, kInfinity, 1.F, -kInfinity, kNan}));
  EXPECT_EQ(statistics.nan_count, 2);
  EXPECT_EQ(statistics.infinite_count, 2);
  EXPECT_EQ(statistics.finite_count, 2);
  EXPECT_EQ(statistics.mean, -1);
  EXPECT_EQ(statistics.standard_deviation, 2);
  EXPECT_EQ(statistics.minimum, -3);
  EXPECT_EQ(statistics.maximum, 1);
}

TEST(ComputeStatistics, OfNothingIsZero) {
  for (const at::Tensor& tensor : {at::empty({0, 3}), at::full({2}, kNan)}) {
    const TensorStatistics statistics = ComputeStatistics(tensor);
    EXPECT_EQ(statistics.finite_count, 0);
    EXPECT_EQ(statistics.mean, 0);
    EXPECT_EQ(statistics.norm, 0);
    EXPECT_EQ(statistics.minimum, 0);
    EXPECT_EQ(statistics.maximum, 0);
  }
}

TEST(ComputeStatistics, OfManyValuesFarFromZero) {
  // 1e6 .. 1e6 + 99,999, in order: variance (n^2 - 1) / 12. Taken naively in float, or as a difference of squares, it
  // would be off.
  const TensorStatistics statistics = ComputeStatistics(at::arange(1000000, 1100000, at::kLong));
  EXPECT_EQ(statistics.finite_count, 100000);
  EXPECT_NEAR(statistics.mean, 1049999.5, 1e-8);
  EXPECT_NEAR(statistics.standard_deviation, std::sqrt((1e10 - 1) / 12), 1e-8);
  EXPECT_EQ(statistics.maximum, 1099999);
}

TEST(ComputeStatistics, OfViewsAndOtherTypes) {
  const at::Tensor matrix = at::arange(6, at::kDouble).view({2, 3});
  const TensorStatistics column = ComputeStatistics(matrix.select(1, 2));  // 2, 5: not contiguous
  EXPECT_EQ(column.mean, 3.5);
  EXPECT_EQ(column.standard_deviation, 1.5);
  EXPECT_EQ(TensorTypeName(matrix), "F64");
  EXPECT_EQ(TensorTypeName(at::zeros({1}, at::kFloat)), "F32");
  EXPECT_EQ(TensorTypeName(at::zeros({1}, at::kLong)), "I64");
}

float FromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

TEST(CompareElements, ByHand) {
  const ElementDifferences differences =
      CompareElements(at::tensor({1.F, 2.F, 3.F, 4.F}), at::tensor({1.F, 2.5F, 3.F, 2.F}));
  EXPECT_EQ(differences.differing, 2);
  EXPECT_EQ(differences.not_finite, 0);
  EXPECT_EQ(differences.largest, 2);
  EXPECT_EQ(differences.mean, 0.625);
}

TEST(CompareElements, CountsBits) {
  at::Tensor a = at::zeros({6});
  at::Tensor b = at::zeros({6});
  const float left[] = {0.F, FromBits(0x7fc00000), FromBits(0x7fc00000), kInfinity, kInfinity, 1.F};
  const float right[] = {-0.F, FromBits(0x7fc00001), FromBits(0x7fc00000), kInfinity, 5.F, 4.F};
  std::memcpy(a.mutable_data_ptr(), left, sizeof(left));
  std::memcpy(b.mutable_data_ptr(), right, sizeof(right));
  const ElementDifferences differences = CompareElements(a, b);
  EXPECT_EQ(differences.differing, 4) << "-0, the payload of a NaN, infinity against 5, 1 against 4";
  EXPECT_EQ(differences.not_finite, 2);
  EXPECT_EQ(differences.largest, 3);
  EXPECT_EQ(differences.mean, 1.5) << "of 0 and 3";
}

TEST(CompareElements, OfManyAndOfNone) {
  const at::Tensor a = at::arange(100000, at::kLong);
  const at::Tensor b = a.clone();
  EXPECT_EQ(CompareElements(a, b).differing, 0);
  b[99999] = 0;
  b[7] = 0;
  const ElementDifferences differences = CompareElements(a, b);
  EXPECT_EQ(differences.differing, 2);
  EXPECT_EQ(differences.largest, 99999);
  EXPECT_EQ(differences.mean, 1.00006);
  EXPECT_EQ(CompareElements(at::empty({0}), at::empty({0})).mean, 0);
}

}  // namespace
}  // namespace baton
