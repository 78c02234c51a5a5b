#include "models/criterion_registry.h"

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using testing::HasSubstr;

const DataShape kThreeClasses{.features = {2}, .classes = 3};
const DataShape kNumbers{.features = {2}, .classes = 0};

Batch Classes() {
  return {.rows = 2, .tensors = {{"target", at::tensor({0, 2}, at::TensorOptions().dtype(at::kLong))}}};
}
at::Tensor Scores() { return at::tensor({1.f, 2.f, 0.5f, 0.f, -1.f, 3.f}).view({2, 3}); }

// Expected values from PyTorch 2.13's cross_entropy(reduction="sum").
TEST(CrossEntropy, EqualsPyTorchs) {
  CriterionConfig config;
  config.mutable_cross_entropy();
  ASSERT_OK_AND_ASSIGN(const auto criterion, BuildCriterion(config, kThreeClasses));
  const LossSum loss = criterion->Loss(Scores(), Classes(), {});
  EXPECT_NEAR(loss.sum.item<double>(), 1.5302527, 1e-6);
  EXPECT_EQ(loss.weight.item<double>(), 2);
  ASSERT_EQ(criterion->metrics().size(), 1);
  EXPECT_EQ(criterion->metrics()[0].name, "accuracy");
  EXPECT_TRUE(criterion->metrics()[0].higher_is_better);
  const std::vector<MetricSum> metrics = criterion->Metrics(Scores(), Classes());
  ASSERT_EQ(metrics.size(), 1);
  EXPECT_EQ(metrics[0].sum.item<double>(), 1);
  EXPECT_EQ(metrics[0].weight.item<double>(), 2);
  EXPECT_TRUE(criterion->tensors().empty());
}

TEST(CrossEntropy, ClassWeightsWeighLossAndDivisor) {
  CriterionConfig config;
  for (const double weight : {2.0, 1.0, 0.5}) config.mutable_cross_entropy()->add_class_weights(weight);
  ASSERT_OK_AND_ASSIGN(const auto criterion, BuildCriterion(config, kThreeClasses));
  ASSERT_EQ(criterion->tensors().size(), 1);
  EXPECT_EQ(criterion->tensors()[0].name, "class_weights");
  EXPECT_EQ(std::get<InitialValuesGiven>(criterion->tensors()[0].initial).values, (std::vector<double>{2, 1, 0.5}));
  // The loss takes those that it is given, as a snapshot restores them.
  const std::vector<at::Tensor> weights = {at::tensor({2.f, 1.f, 0.5f})};
  const LossSum loss = criterion->Loss(Scores(), Classes(), {.tensors = criterion->NameTensors(weights)});
  EXPECT_NEAR(loss.sum.item<double>(), 2.9616797, 1e-6);
  EXPECT_NEAR(loss.sum.item<double>() / loss.weight.item<double>(), 1.1846719, 1e-6);  // PyTorch's reduction="mean"
}

// What the criteria compute themselves while training has the bits of libtorch's autograd.
void ExpectGradientOfAutograd(const Criterion& criterion, const at::Tensor& outputs, const Batch& batch,
                              const NamedTensors& tensors) {
  const at::Tensor leaf = outputs.clone().requires_grad_();
  const LossSum by_graph = criterion.Loss(leaf, batch, {.tensors = tensors});
  EXPECT_FALSE(by_graph.gradient.defined());
  by_graph.sum.backward();
  const LossSum by_hand = criterion.Loss(outputs, batch, {.training = true, .tensors = tensors});
  EXPECT_TRUE(at::equal(by_hand.sum, by_graph.sum));
  EXPECT_EQ(by_hand.weight.item<double>(), by_graph.weight.item<double>());
  EXPECT_TRUE(at::equal(by_hand.gradient, leaf.grad()));
}

TEST(Criteria, GradientsAreThoseOfAutograd) {
  CriterionConfig config;
  config.mutable_cross_entropy();
  ExpectGradientOfAutograd(**BuildCriterion(config, kThreeClasses), Scores(), Classes(), {});
  for (const double weight : {2.0, 1.0, 0.5}) config.mutable_cross_entropy()->add_class_weights(weight);
  const auto weighted = *BuildCriterion(config, kThreeClasses);
  const std::vector<at::Tensor> weights = {at::tensor({2.f, 1.f, 0.5f})};
  ExpectGradientOfAutograd(*weighted, Scores(), Classes(), weighted->NameTensors(weights));
  config.mutable_mean_squared_error();
  const Batch batch{.rows = 3, .tensors = {{"target", at::tensor({1.5f, 0.f, 3.f})}}};
  ExpectGradientOfAutograd(**BuildCriterion(config, kNumbers), at::tensor({1.f, 2.f, 3.f}), batch, {});
}

TEST(MeanSquaredError, EqualsPyTorchs) {
  CriterionConfig config;
  config.mutable_mean_squared_error();
  ASSERT_OK_AND_ASSIGN(const auto criterion, BuildCriterion(config, kNumbers));
  const Batch batch{.rows = 3, .tensors = {{"target", at::tensor({1.5f, 0.f, 3.f})}}};
  const LossSum loss = criterion->Loss(at::tensor({1.f, 2.f, 3.f}), batch, {});
  EXPECT_EQ(loss.sum.item<double>(), 4.25);
  EXPECT_EQ(loss.weight.item<double>(), 3);
  EXPECT_TRUE(criterion->metrics().empty());
}

TEST(BuildCriterion, RefusesWhatDoesNotFit) {
  CriterionConfig config;
  EXPECT_THAT(BuildCriterion(config, kThreeClasses),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("train.criterion is not chosen")));
  config.mutable_mean_squared_error();
  EXPECT_THAT(BuildCriterion(config, kThreeClasses),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("choose train.criterion.cross_entropy={}")));
  config.mutable_cross_entropy()->add_class_weights(1);
  EXPECT_THAT(BuildCriterion(config, kNumbers),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("choose train.criterion.mean_squared_error={}")));
  EXPECT_THAT(BuildCriterion(config, kThreeClasses),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("has 1 values, but the data has 3 classes")));
  config.mutable_cross_entropy()->clear_class_weights();
  for (const double weight : {1.0, 0.0, 1.0}) config.mutable_cross_entropy()->add_class_weights(weight);
  EXPECT_THAT(BuildCriterion(config, kThreeClasses),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected finite weights above 0")));
}

}  // namespace
}  // namespace baton
