#include "training/train_step.h"

#include <functional>
#include <numeric>
#include <utility>

#include "base/random.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/criterion_registry.h"
#include "models/model_registry.h"
#include "training/fit.h"
#include "training/test_examples.h"

#include "third_party/torch_begin.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using testing::HasSubstr;

constexpr int64_t kFeatures = 20;
constexpr int64_t kClasses = 3;
constexpr uint64_t kSeed = 11;

TensorSource MakeExamples(int64_t rows) { return TestExamples("features", rows, kFeatures, kClasses); }

TrainConfig Config(uint32_t micro_batches) {
  TrainConfig config;
  MlpConfig& mlp = *config.mutable_model()->mutable_mlp();
  // More than one chunk of 64 Ki elements, so that the chunks really are spread over the workers.
  mlp.add_hidden_sizes(300);
  mlp.add_hidden_sizes(400);
  mlp.set_dropout(0.3);
  config.mutable_criterion()->mutable_cross_entropy();
  config.mutable_optimizer()->mutable_adamw();
  config.mutable_optimizer()->set_weight_decay(0.01);
  config.mutable_ema()->set_decay(0.75);
  config.set_micro_batches(micro_batches);
  config.set_clip_norm(0.5);
  return config;
}

// Everything that a step needs, for one number of workers.
struct Stepper {
  Stepper(const TrainConfig& train_config, int workers)
      : config(train_config),
        model(*BuildModel(config.model(), {.features = {kFeatures}, .classes = kClasses})),
        criterion(*BuildCriterion(config.criterion(), {.features = {kFeatures}, .classes = kClasses})),
        optimizer(*BuildOptimizer(config.optimizer())),
        pool(*WorkerPool::Create(workers, [] { at::set_num_threads(1); })) {
    const TensorSource none = MakeExamples(1);
    state = *InitialState(
        {.config = config, .seed = kSeed, .model = *model, .criterion = *criterion, .train = none, .pool = *pool},
        at::kCPU);
  }

  TrainStep::Parts Parts(std::function<void()> before_update = nullptr) {
    return {.config = config,
            .seed = kSeed,
            .model = *model,
            .criterion = *criterion,
            .optimizer = *optimizer,
            .pool = *pool,
            .state = state,
            .before_update = std::move(before_update)};
  }

  absl::Status Steps(int count, int64_t batch, std::function<void()> before_update = nullptr) {
    TrainStep step(Parts(std::move(before_update)));
    const TensorSource examples = MakeExamples(batch);
    std::vector<int64_t> indices(batch);
    std::iota(indices.begin(), indices.end(), 0);
    absl::Status status;
    for (int i = 0; i < count && status.ok(); ++i) status = step.Run(examples, indices);
    return status;
  }

  TrainConfig config;
  std::unique_ptr<Model> model;
  std::unique_ptr<Criterion> criterion;
  std::unique_ptr<Optimizer> optimizer;
  std::unique_ptr<WorkerPool> pool;
  State state;
};

class BitsForAnyWorkers : public testing::TestWithParam<std::tuple<int, int64_t>> {};

TEST_P(BitsForAnyWorkers, AreTheSame) {
  const auto [micro_batches, batch] = GetParam();
  Stepper reference(Config(micro_batches), 1);
  ASSERT_THAT(reference.Steps(5, batch), IsOk());
  ASSERT_GT(reference.state.model().layout().chunks.size(), 2);
  for (const int workers : {2, 3, 5}) {
    Stepper training(Config(micro_batches), workers);
    ASSERT_THAT(training.Steps(5, batch), IsOk());
    EXPECT_THAT(Differences(reference.state, training.state), testing::IsEmpty()) << workers << " workers";
  }
}

// 37 rows do not divide by the micro-batches, and 3 rows leave micro-batches empty.
INSTANTIATE_TEST_SUITE_P(MicroBatchesAndRows, BitsForAnyWorkers,
                         testing::Combine(testing::Values(1, 2, 8), testing::Values(64, 37, 3)));

TEST(TrainStep, MicroBatchesChangeNothingButRounding) {
  TrainConfig config = Config(1);
  config.mutable_model()->mutable_mlp()->set_dropout(0);  // a micro-batch has dropout of its own
  Stepper one(config, 1);
  config.set_micro_batches(8);
  Stepper eight(config, 1);
  ASSERT_THAT(one.Steps(1, 37), IsOk());
  ASSERT_THAT(eight.Steps(1, 37), IsOk());
  EXPECT_NEAR(one.state.progress.loss_sum(), eight.state.progress.loss_sum(), 1e-4);
  EXPECT_EQ(one.state.progress.weight_sum(), 37);
  // The first moment is (1 - beta1) times the clipped mean gradient.
  EXPECT_TRUE(
      at::allclose(one.state.groups.back().tensors.flat(), eight.state.groups.back().tensors.flat(), 1e-4, 1e-8));
}

// The mean gradient and the clipping, against plain autograd on the whole batch.
TEST(TrainStep, GradientIsTheClippedMean) {
  TrainConfig config = Config(4);
  config.mutable_model()->mutable_mlp()->set_dropout(0);
  config.mutable_optimizer()->mutable_sgd();
  config.mutable_optimizer()->set_learning_rate(1);
  config.mutable_optimizer()->set_weight_decay(0);
  for (const double clip_norm : {0.0, 0.01}) {
    config.set_clip_norm(clip_norm);
    Stepper training(config, 2);
    const FlatTensors before = training.state.model().CopyTo(at::kCPU);
    std::vector<at::Tensor> leaves;
    for (const at::Tensor& view : before.views()) leaves.push_back(view.clone().requires_grad_());
    const TensorSource examples = MakeExamples(37);
    training.criterion
        ->Loss(training.model->Forward(training.model->NameParameters(leaves), examples.all(), {}), examples.all(), {})
        .sum.div(37)
        .backward();
    double square = 0;
    for (const at::Tensor& leaf : leaves) square += leaf.grad().square().sum().item<double>();
    const double scale = clip_norm == 0 ? 1 : std::min(1.0, clip_norm / (std::sqrt(square) + 1e-6));
    ASSERT_EQ(scale<1, clip_norm> 0);

    ASSERT_THAT(training.Steps(1, 37), IsOk());
    for (size_t i = 0; i < leaves.size(); ++i) {
      const at::Tensor change = before.views()[i].sub(training.state.model().views()[i]);
      EXPECT_TRUE(at::allclose(change, leaves[i].grad().mul(scale), 1e-3, 1e-7)) << i;
    }
  }
}

TEST(TrainStep, DropoutDependsOnStepAndMicroBatch) {
  TrainConfig config = Config(2);
  config.mutable_optimizer()->mutable_sgd();
  config.mutable_optimizer()->set_learning_rate(1e-30);  // the parameters stay, only dropout moves the loss
  Stepper training(config, 1);
  ASSERT_THAT(training.Steps(1, 32), IsOk());
  const double first = training.state.progress.loss_sum();
  ASSERT_THAT(training.Steps(1, 32), IsOk());
  const double second = training.state.progress.loss_sum() - first;
  EXPECT_NE(first, second);
  // The same step again draws the same.
  training.state.progress.set_step_index(0);
  training.state.progress.set_loss_sum(0);
  ASSERT_THAT(training.Steps(1, 32), IsOk());
  EXPECT_EQ(training.state.progress.loss_sum(), first);
}

// Draws from the process-wide generator, and says so or not.
class ProcessWideModel : public Model {
 public:
  ProcessWideModel(std::unique_ptr<Model> model, bool says_so)
      : Model(model->parameters()), model_(std::move(model)), says_so_(says_so) {}
  bool uses_process_wide_generator() const override { return says_so_; }
  at::Tensor Forward(const NamedTensors& parameters, const Batch& batch, const ForwardContext& context) const override {
    return model_->Forward(parameters, batch, context).add(at::zeros({}).uniform_());
  }

 private:
  const std::unique_ptr<Model> model_;
  const bool says_so_;
};

TEST(TrainStep, AModelOfTheProcessWideGeneratorTakesOneWorker) {
  Stepper training(Config(2), 2);
  training.model = std::make_unique<ProcessWideModel>(std::move(training.model), /*says_so=*/true);
  EXPECT_THAT(training.Steps(1, 8), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("set train.workers to 1")));
  EXPECT_EQ(training.state.progress.step_index(), 0);
}

TEST(TrainStep, AModelThatDoesNotSayWhatItDrawsFromIsRefused) {
  for (const int workers : {1, 2}) {
    Stepper training(Config(2), workers);
    training.model = std::make_unique<ProcessWideModel>(std::move(training.model), /*says_so=*/false);
    EXPECT_THAT(training.Steps(1, 8),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("uses_process_wide_generator() return true")));
    EXPECT_EQ(training.state.progress.step_index(), 0);
  }
}

TEST(TrainStep, TheProcessWideGeneratorDependsOnTheStep) {
  Stepper training(Config(1), 1);
  training.model = std::make_unique<ProcessWideModel>(std::move(training.model), /*says_so=*/true);
  training.state.progress.set_step_index(6);
  at::manual_seed(1);
  ASSERT_THAT(training.Steps(1, 8), IsOk());
  const double drawn = at::zeros({}).uniform_().item<double>();
  at::manual_seed(MixSeed(kSeed, "process-wide", 6));
  at::zeros({}).uniform_();  // the model's
  EXPECT_EQ(drawn, at::zeros({}).uniform_().item<double>());
}

TEST(TrainStep, ADivergedLossIsAnErrorAndLeavesTheParameters) {
  Stepper training(Config(2), 2);
  training.state.model().views()[0].fill_(std::numeric_limits<float>::infinity());
  const State before = training.state.CopyTo(at::kCPU);
  EXPECT_THAT(training.Steps(1, 8),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("lower train.optimizer.learning_rate")));
  EXPECT_THAT(Differences(training.state, before), testing::IsEmpty());
  EXPECT_EQ(training.state.progress.step_index(), 0);
}

// The first step's weights are the average; of the second's it takes a quarter, of the third's again.
TEST(TrainStep, AveragesTheWeights) {
  Stepper training(Config(2), 2);
  const at::Tensor& weights = training.state.model().flat();
  const at::Tensor& average = training.state.Find(kAverageGroup)->flat();
  ASSERT_THAT(training.Steps(1, 16), IsOk());
  EXPECT_TRUE(at::equal(average, weights));
  at::Tensor expected = weights.clone();
  for (int i = 0; i < 2; ++i) {
    ASSERT_THAT(training.Steps(1, 16), IsOk());
    expected = expected.mul(0.75).add(weights.mul(0.25));
    EXPECT_TRUE(at::allclose(average, expected, 1e-6, 1e-8));
  }
  EXPECT_FALSE(at::allclose(average, weights, 1e-6, 1e-8));
}

TEST(TrainStep, AveragesTheWeightsWithoutChangingThem) {
  Stepper averaged(Config(2), 1);
  TrainConfig config = Config(2);
  config.clear_ema();
  Stepper plain(config, 1);
  ASSERT_THAT(averaged.Steps(3, 16), IsOk());
  ASSERT_THAT(plain.Steps(3, 16), IsOk());
  EXPECT_TRUE(at::equal(averaged.state.model().flat(), plain.state.model().flat()));
}

TEST(TrainStep, LearningRateIsBaseTimesScheduleTimesPlateau) {
  TrainConfig config = Config(1);
  config.mutable_optimizer()->set_learning_rate(0.5);
  config.mutable_schedule()->set_warmup_steps(3);
  for (const bool plateau : {false, true}) {
    if (plateau) config.mutable_schedule()->mutable_plateau();
    Stepper training(config, 1);
    training.state.progress.mutable_plateau()->set_factor(0.1);
    training.state.progress.set_step_index(1);
    TrainStep step(training.Parts());
    ASSERT_THAT(step.Run(MakeExamples(2), {0, 1}), IsOk());
    EXPECT_DOUBLE_EQ(step.learning_rate(), 0.5 * (2.0 / 4) * (plateau ? 0.1 : 1));
  }
}

// With and without clipping, which reads the gradients of all before anything is updated.
TEST(TrainStep, SaysOnceAStepThatItWillChangeTheStateBeforeItDoes) {
  for (const double clip_norm : {0.0, 0.5}) {
    TrainConfig config = Config(2);
    config.set_clip_norm(clip_norm);
    Stepper training(config, 2);
    for (int step = 0; step < 2; ++step) {
      const State before = training.state.CopyTo(at::kCPU);
      int calls = 0;
      ASSERT_THAT(training.Steps(1, 64, [&] { calls += Identical(training.state, before) ? 1 : 100; }), IsOk());
      EXPECT_EQ(calls, 1);
      EXPECT_FALSE(training.state == before);
    }
  }
}

TEST(TrainStep, CountsAndSums) {
  Stepper training(Config(2), 1);
  ASSERT_THAT(training.Steps(3, 10), IsOk());
  EXPECT_EQ(training.state.progress.step_index(), 3);
  EXPECT_EQ(training.state.progress.train_batch_index(), 3);
  EXPECT_EQ(training.state.progress.weight_sum(), 30);
}

}  // namespace
}  // namespace baton
