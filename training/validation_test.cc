#include "training/validation.h"

#include <cmath>
#include <vector>

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "training/validation_metrics.h"

#include "third_party/torch_begin.h"

#include <ATen/Parallel.h>
#include <ATen/ops/tensor.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using testing::HasSubstr;

HostTensor Floats(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values) {
  return {.name = name,
          .dtype = DType::kF32,
          .shape = std::move(shape),
          .bytes = std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float))};
}

// y = 2 x - 1, against five targets.
struct Line {
  Line() : model(*BuildModel(Config().model(), {.features = 1, .classes = 0})) {
    parameters = FlatTensors(FlatLayout::Create(model->parameters()).value(), at::kCPU);
    parameters.views()[0].fill_(2);
    parameters.views()[1].fill_(-1);
  }
  static TrainConfig Config() {
    TrainConfig config;
    config.mutable_model()->mutable_linear();
    config.mutable_criterion()->mutable_mean_squared_error();
    config.set_batch_size(2);
    return config;
  }
  absl::StatusOr<Measurement> Validate(const TrainConfig& config, int workers) const {
    const auto criterion = BuildCriterion(config.criterion(), 0, at::kCPU);
    const auto examples = Examples::Create(
        {Floats("features", {5, 1}, {0, 1, 2, 3, 4}), Floats("target", {5}, {0, 1, 3, 4, 10})}, at::kCPU);
    WorkerPool pool(workers, [] { at::set_num_threads(1); });
    Measurement history;
    const absl::Status status = baton::Validate(config, *model, **criterion, parameters, *examples, pool, history);
    if (!status.ok()) return status;
    return history;
  }

  std::unique_ptr<Model> model;
  FlatTensors parameters;
};

// Residuals by hand: -1, 0, 0, 1, -3; the mean of their squares is 11 / 5, however the rows are cut into batches.
TEST(Validate, IsTheMeanOverAllRows) {
  const Line line;
  for (const int workers : {1, 2, 3}) {
    ASSERT_OK_AND_ASSIGN(const Measurement history, line.Validate(Line::Config(), workers));
    EXPECT_DOUBLE_EQ(history.validation_loss(), 2.2);
    EXPECT_TRUE(history.validation_metrics().empty());
  }
  TrainConfig config = Line::Config();
  config.set_validation_batch_size(4);
  ASSERT_OK_AND_ASSIGN(const Measurement history, line.Validate(config, 1));
  EXPECT_DOUBLE_EQ(history.validation_loss(), 2.2);
}

TEST(Validate, ALossThatIsNotFiniteIsAnError) {
  Line line;
  line.parameters.views()[1].fill_(std::numeric_limits<float>::quiet_NaN());
  EXPECT_THAT(line.Validate(Line::Config(), 1),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("training diverged")));
}

// Three rows of which two are classified as their target says.
TEST(Validate, GivesTheMetricsThatAreSaidOfIt) {
  TrainConfig config;
  config.mutable_model()->mutable_logistic();
  config.mutable_criterion()->mutable_cross_entropy();
  const auto model = BuildModel(config.model(), {.features = 2, .classes = 2});
  const auto criterion = BuildCriterion(config.criterion(), 2, at::kCPU);
  FlatTensors parameters(FlatLayout::Create((*model)->parameters()).value(), at::kCPU);
  parameters.views()[0].copy_(at::tensor({1.F, 0.F, 0.F, 1.F}).view({2, 2}));
  HostTensor target{.name = "target", .dtype = DType::kI64, .shape = {3}, .bytes = std::string(24, 0)};
  target.bytes[8] = 1;
  const auto examples = Examples::Create({Floats("features", {3, 2}, {2, 1, 0, 3, 0, 1}), target}, at::kCPU);
  WorkerPool pool(1, [] { at::set_num_threads(1); });
  Measurement history;
  ASSERT_THAT(baton::Validate(config, **model, **criterion, parameters, *examples, pool, history), IsOk());
  std::vector<std::string> names;
  for (const auto& metric : history.validation_metrics()) names.push_back(metric.first);
  EXPECT_EQ(names, ValidationMetrics(config.criterion()));
  EXPECT_DOUBLE_EQ(history.validation_metrics().at("accuracy"), 2.0 / 3);
  EXPECT_THAT(ValidationMetrics(Line::Config().criterion()), testing::IsEmpty());
}

// The epochs of these validation losses, one after another, with these accuracies where there are some.
TrainingProgress After(const std::vector<double>& losses, const TrainConfig& config,
                       const std::vector<double>& accuracies = {}) {
  TrainingProgress progress;
  for (size_t epoch = 0; epoch < losses.size(); ++epoch) {
    Measurement history;
    history.set_epoch_index(epoch);
    history.set_step_index(10 * (epoch + 1));
    history.set_validation_loss(losses[epoch]);
    if (!accuracies.empty()) (*history.mutable_validation_metrics())["accuracy"] = accuracies[epoch];
    UpdateAfterValidation(config, history, progress);
  }
  return progress;
}

TrainingProgress After(const std::vector<double>& losses, const EarlyStoppingConfig& config) {
  TrainConfig train;
  *train.mutable_early_stopping() = config;
  return After(losses, train);
}

TEST(EarlyStopping, StopsAfterPatienceEpochsWithoutImprovement) {
  EarlyStoppingConfig config;
  config.set_patience(2);
  EXPECT_FALSE(After({3, 2, 2.5}, config).stopped_early());
  EXPECT_TRUE(After({3, 2, 2.5, 2}, config).stopped_early());
  EXPECT_FALSE(After({3, 2, 2.5, 1.9, 2}, config).stopped_early());
  EXPECT_FALSE(After({3, 4, 5, 6, 7}, EarlyStoppingConfig()).stopped_early());
}

TEST(EarlyStopping, AnImprovementMustExceedMinDeltaButTheBestEpochNeedNot) {
  EarlyStoppingConfig config;
  config.set_patience(2);
  config.set_min_delta(0.5);
  const TrainingProgress progress = After({3, 2.8, 2.6}, config);
  EXPECT_TRUE(progress.stopped_early());
  EXPECT_EQ(progress.best().epoch_index(), 2);
  EXPECT_EQ(progress.best().step_index(), 30);
  EXPECT_EQ(progress.best().validation_loss(), 2.6);
}

TEST(EarlyStopping, OfEqualEpochsTheFirstIsTheBest) {
  EXPECT_EQ(After({3, 2, 2}, EarlyStoppingConfig()).best().epoch_index(), 1);
}

TEST(SelectionMetric, ChoosesTheBestAndTheLossStopsEarly) {
  TrainConfig config;
  config.set_selection_metric("accuracy");
  config.mutable_early_stopping()->set_patience(2);
  const TrainingProgress progress = After({3, 2, 2.5, 2.2}, config, {0.5, 0.6, 0.75, 0.75});
  EXPECT_EQ(progress.best().epoch_index(), 2) << "the highest, of equal ones the first";
  EXPECT_EQ(progress.best().step_index(), 30);
  EXPECT_EQ(progress.best().metric(), 0.75);
  EXPECT_EQ(progress.best().validation_loss(), 2.5);
  EXPECT_TRUE(progress.stopped_early()) << "two epochs without a lower loss";

  config.clear_selection_metric();
  const TrainingProgress by_loss = After({3, 2, 2.5, 2.2}, config, {0.5, 0.6, 0.75, 0.75});
  EXPECT_EQ(by_loss.best().epoch_index(), 1);
  EXPECT_FALSE(by_loss.best().has_metric());
}

// Where the choice was by another metric before, its best has no value of this one.
TEST(SelectionMetric, AnotherOneBeginsAnew) {
  TrainConfig config;
  TrainingProgress progress = After({3, 2}, config);
  Measurement history;
  history.set_epoch_index(2);
  history.set_validation_loss(5);
  (*history.mutable_validation_metrics())["accuracy"] = 0.25;
  config.set_selection_metric("accuracy");
  UpdateAfterValidation(config, history, progress);
  EXPECT_EQ(progress.best().epoch_index(), 2);
  EXPECT_EQ(progress.best().metric(), 0.25);
}

TEST(SelectionMetric, OneThatIsNotANumberDoesNotStayTheBest) {
  TrainConfig config;
  config.set_selection_metric("accuracy");
  const TrainingProgress progress = After({3, 2}, config, {NAN, 0.5});
  EXPECT_EQ(progress.best().epoch_index(), 1);
  EXPECT_EQ(progress.best().metric(), 0.5);
}

TEST(Plateau, FollowsTheValidationLoss) {
  TrainConfig config;
  EXPECT_FALSE(After({1, 1, 1}, config).has_plateau());
  config.mutable_schedule()->mutable_plateau()->set_patience(1);
  config.mutable_schedule()->mutable_plateau()->set_factor(0.5);
  // Not better for one epoch, for two: half; not better than 1 either, which stays the best.
  EXPECT_FALSE(After({1, 1}, config).plateau().has_factor());
  const TrainingProgress progress = After({1, 2, 3, 2}, config);
  EXPECT_EQ(progress.plateau().factor(), 0.5);
  EXPECT_EQ(progress.plateau().best(), 1);
  EXPECT_EQ(progress.plateau().bad_validations(), 1);
}

}  // namespace
}  // namespace baton
