#include "training/resampled_source.h"

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/arange.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using testing::ElementsAre;

std::vector<int64_t> Targets(const Batch& batch) {
  const at::Tensor& target = batch.tensors.at("target");
  return {target.const_data_ptr<int64_t>(), target.const_data_ptr<int64_t>() + target.numel()};
}

TEST(ResampledSource, GivesTheExamplesThatItWasTold) {
  const TensorSource source = *TensorSource::Create({{"target", at::arange(10, 16, at::kLong)}});
  const ResampledSource resampled(source, {5, 0, 0, 3});
  EXPECT_EQ(resampled.examples(), 4);
  const Batch selected = resampled.Select({3, 1});
  EXPECT_EQ(selected.rows, 2);
  EXPECT_THAT(Targets(selected), ElementsAre(13, 10));
  EXPECT_THAT(Targets(resampled.Slice(0, 3)), ElementsAre(15, 10, 10));
}

// Of n draws from n, a share of 1 - 1/e = 0.632 is expected to be among them, with a standard deviation of 0.0031 for
// n = 10,000.
TEST(BootstrapSample, DrawsWithReplacement) {
  const std::vector<int64_t> sample = BootstrapSample(7, 10'000);
  ASSERT_EQ(sample.size(), 10'000);
  const std::set<int64_t> distinct(sample.begin(), sample.end());
  EXPECT_GE(*distinct.begin(), 0);
  EXPECT_LT(*distinct.rbegin(), 10'000);
  EXPECT_NEAR(static_cast<double>(distinct.size()) / 10'000, 0.632, 0.015);
  EXPECT_EQ(BootstrapSample(7, 10'000), sample);
  EXPECT_NE(BootstrapSample(8, 10'000), sample);
  EXPECT_THAT(BootstrapSample(7, 1), ElementsAre(0));
}

}  // namespace
}  // namespace baton
