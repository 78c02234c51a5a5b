#include "training/validation.h"

#include <cmath>
#include <vector>

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/config_registry.h"
#include "models/criterion_registry.h"
#include "models/model_registry.h"
#include "training/selection.h"

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
  Line() : model(*BuildModel(Config().model(), {.features = {1}, .classes = 0})) {
    FlatTensors parameters(FlatLayout::Create(model->parameters()).value(), at::kCPU);
    parameters.views()[0].fill_(2);
    parameters.views()[1].fill_(-1);
    state.groups = {{kModelGroup, parameters}};
  }
  static TrainConfig Config() {
    TrainConfig config;
    config.mutable_model()->mutable_linear();
    config.mutable_criterion()->mutable_mean_squared_error();
    config.set_batch_size(2);
    return config;
  }
  absl::StatusOr<Measurement> Validate(const TrainConfig& config, int workers) const {
    const auto criterion = *BuildCriterion(config.criterion(), {.features = {1}, .classes = 0});
    const auto source = *TensorSource::FromHost(
        {Floats("features", {5, 1}, {0, 1, 2, 3, 4}), Floats("target", {5}, {0, 1, 3, 4, 10})}, at::kCPU);
    const auto pool = *WorkerPool::Create(workers, [] { at::set_num_threads(1); });
    Measurement measurement;
    const absl::Status status = baton::Validate({.config = config,
                                                 .model = *model,
                                                 .criterion = *criterion,
                                                 .train = source,
                                                 .validation = &source,
                                                 .pool = *pool},
                                                state, measurement);
    if (!status.ok()) return status;
    return measurement;
  }

  std::unique_ptr<Model> model;
  State state;
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

// -1, 0, 0 and 1: the fifth row is not among the first two batches.
TEST(Validate, TakesAsManyBatchesAsItIsToldTo) {
  const Line line;
  TrainConfig config = Line::Config();
  config.set_validation_batches(2);
  ASSERT_OK_AND_ASSIGN(const Measurement two, line.Validate(config, 2));
  EXPECT_DOUBLE_EQ(two.validation_loss(), 0.5);
  config.set_validation_batches(7);
  ASSERT_OK_AND_ASSIGN(const Measurement all, line.Validate(config, 2));
  EXPECT_DOUBLE_EQ(all.validation_loss(), 2.2);
}

TEST(Validate, ALossThatIsNotFiniteIsAnError) {
  Line line;
  line.state.model().views()[1].fill_(std::numeric_limits<float>::quiet_NaN());
  EXPECT_THAT(line.Validate(Line::Config(), 1),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("training diverged")));
}

// A criterion that says that it counts something, and gives nothing.
class Forgetful : public Criterion {
 public:
  Forgetful() : Criterion({}, {{.name = "accuracy"}}) {}
  LossSum Loss(const at::Tensor& outputs, const Batch&, const CriterionContext&) const override {
    return {outputs.sum(), outputs.sum()};
  }
};

TEST(Validate, MetricsThatAreDeclaredMustBeGiven) {
  const Line line;
  const auto source = *TensorSource::FromHost({Floats("features", {3, 1}, {0, 1, 2})}, at::kCPU);
  const auto pool = *WorkerPool::Create(1, [] { at::set_num_threads(1); });
  const TrainConfig config = Line::Config();
  Measurement measurement;
  EXPECT_THAT(Validate({.config = config,
                        .model = *line.model,
                        .criterion = Forgetful(),
                        .train = source,
                        .validation = &source,
                        .pool = *pool},
                       line.state, measurement),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("declares 1 metrics, but its Metrics() gives 0")));
}

// Three rows of which two are classified as their target says.
TEST(Validate, GivesTheMetricsThatAreSaidOfIt) {
  TrainConfig config;
  config.mutable_model()->mutable_logistic();
  config.mutable_criterion()->mutable_cross_entropy();
  const auto model = *BuildModel(config.model(), {.features = {2}, .classes = 2});
  const auto criterion = *BuildCriterion(config.criterion(), {.features = {2}, .classes = 2});
  FlatTensors parameters(FlatLayout::Create(model->parameters()).value(), at::kCPU);
  parameters.views()[0].copy_(at::tensor({1.F, 0.F, 0.F, 1.F}).view({2, 2}));
  State state;
  state.groups = {{kModelGroup, parameters}};
  HostTensor target{.name = "target", .dtype = DType::kI64, .shape = {3}, .bytes = std::string(24, 0)};
  target.bytes[8] = 1;
  const auto source = *TensorSource::FromHost({Floats("features", {3, 2}, {2, 1, 0, 3, 0, 1}), target}, at::kCPU);
  const auto pool = *WorkerPool::Create(1, [] { at::set_num_threads(1); });
  Measurement history;
  ASSERT_THAT(baton::Validate({.config = config,
                               .model = *model,
                               .criterion = *criterion,
                               .train = source,
                               .validation = &source,
                               .pool = *pool},
                              state, history),
              IsOk());
  std::vector<std::string> names, said;
  for (const auto& metric : history.validation_metrics()) names.push_back(metric.first);
  for (const MetricSpec& metric : CriterionMetrics(config.criterion())) said.push_back(metric.name);
  EXPECT_EQ(names, said);
  EXPECT_DOUBLE_EQ(history.validation_metrics().at("accuracy"), 2.0 / 3);
  EXPECT_TRUE(CriterionMetrics(Line::Config().criterion()).empty());
}

// These validation losses, one after another, with these accuracies where there are some.
TrainingProgress After(const std::vector<double>& losses, const TrainConfig& config,
                       const std::vector<double>& accuracies = {}, bool higher_is_better = true) {
  const Selection selection = SelectionOf(config, {{"accuracy", higher_is_better}});
  TrainingProgress progress;
  for (size_t i = 0; i < losses.size(); ++i) {
    Measurement measurement;
    measurement.set_epoch_index(i);
    measurement.set_step_index(10 * (i + 1));
    measurement.set_validation_loss(losses[i]);
    if (!accuracies.empty()) (*measurement.mutable_validation_metrics())["accuracy"] = accuracies[i];
    UpdateAfterValidation(config, selection, measurement, progress);
  }
  return progress;
}

TrainingProgress After(const std::vector<double>& losses, const EarlyStoppingConfig& config) {
  TrainConfig train;
  *train.mutable_early_stopping() = config;
  return After(losses, train);
}

TEST(EarlyStopping, StopsAfterPatienceValidationsWithoutImprovement) {
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

TEST(SelectionMetric, ThatIsBetterWhenLower) {
  TrainConfig config;
  config.set_selection_metric("accuracy");
  const TrainingProgress progress = After({3, 2, 2.5}, config, {0.5, 0.75, 0.5}, /*higher_is_better=*/false);
  EXPECT_EQ(progress.best().epoch_index(), 0) << "the lowest, of equal ones the first";
  EXPECT_EQ(progress.best().metric(), 0.5);
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
