#include "models/criterion.h"

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/tensor.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using testing::HasSubstr;

Batch Classes() {
  return {.rows = 2, .tensors = {{"target", at::tensor({0, 2}, at::TensorOptions().dtype(at::kLong))}}};
}
at::Tensor Scores() { return at::tensor({1.f, 2.f, 0.5f, 0.f, -1.f, 3.f}).view({2, 3}); }

// Expected values from PyTorch 2.13's cross_entropy(reduction="sum").
TEST(CrossEntropy, EqualsPyTorchs) {
  CriterionConfig config;
  config.mutable_cross_entropy();
  ASSERT_OK_AND_ASSIGN(const auto criterion, BuildCriterion(config, 3, at::kCPU));
  const LossSum loss = criterion->Loss(Scores(), Classes());
  EXPECT_NEAR(loss.sum.item<double>(), 1.5302527, 1e-6);
  EXPECT_EQ(loss.weight, 2);
  EXPECT_EQ(criterion->CorrectRows(Scores(), Classes()), 1);
  EXPECT_TRUE(criterion->tensors().empty());
}

TEST(CrossEntropy, ClassWeightsWeighLossAndDivisor) {
  CriterionConfig config;
  for (const double weight : {2.0, 1.0, 0.5}) config.mutable_cross_entropy()->add_class_weights(weight);
  ASSERT_OK_AND_ASSIGN(const auto criterion, BuildCriterion(config, 3, at::kCPU));
  const LossSum loss = criterion->Loss(Scores(), Classes());
  EXPECT_NEAR(loss.sum.item<double>(), 2.9616797, 1e-6);
  EXPECT_NEAR(loss.sum.item<double>() / loss.weight, 1.1846719, 1e-6);  // PyTorch's reduction="mean"
  ASSERT_EQ(criterion->tensors().size(), 1);
  EXPECT_EQ(criterion->tensors()[0].first, "class_weights");
}

TEST(MeanSquaredError, EqualsPyTorchs) {
  CriterionConfig config;
  config.mutable_mean_squared_error();
  ASSERT_OK_AND_ASSIGN(const auto criterion, BuildCriterion(config, 0, at::kCPU));
  const Batch batch{.rows = 3, .tensors = {{"target", at::tensor({1.5f, 0.f, 3.f})}}};
  const LossSum loss = criterion->Loss(at::tensor({1.f, 2.f, 3.f}), batch);
  EXPECT_EQ(loss.sum.item<double>(), 4.25);
  EXPECT_EQ(loss.weight, 3);
  EXPECT_FALSE(criterion->CorrectRows(at::tensor({1.f, 2.f, 3.f}), batch).has_value());
}

TEST(BuildCriterion, RefusesWhatDoesNotFit) {
  CriterionConfig config;
  EXPECT_THAT(BuildCriterion(config, 3, at::kCPU),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("train.criterion is not chosen")));
  config.mutable_mean_squared_error();
  EXPECT_THAT(BuildCriterion(config, 3, at::kCPU),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("choose train.criterion.cross_entropy={}")));
  config.mutable_cross_entropy()->add_class_weights(1);
  EXPECT_THAT(BuildCriterion(config, 0, at::kCPU),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("choose train.criterion.mean_squared_error={}")));
  EXPECT_THAT(BuildCriterion(config, 3, at::kCPU),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("has 1 values, but the data has 3 classes")));
  config.mutable_cross_entropy()->clear_class_weights();
  for (const double weight : {1.0, 0.0, 1.0}) config.mutable_cross_entropy()->add_class_weights(weight);
  EXPECT_THAT(BuildCriterion(config, 3, at::kCPU),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected finite weights above 0")));
}

}  // namespace
}  // namespace baton
