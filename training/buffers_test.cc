// What training changes beside the parameters: running statistics of a model, and the tensors of a criterion.

#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "models/criterion_registry.h"
#include "models/model_registry.h"
#include "training/fit.h"
#include "training/micro_batch_gradient.h"
#include "training/test_examples.h"
#include "training/train_step.h"

#include "third_party/torch_begin.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t kSeed = 5;
const DataShape kPictures{.features = {1, 4, 5}, .classes = 3};

TrainConfig Config(uint32_t micro_batches) {
  TrainConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "model { convnet { channels: [3, 4] residual: [false, true] batch_norm: true } } "
      "criterion { cross_entropy { class_weights: [0.3, 1.7, 0.9] } } optimizer { learning_rate: 0.1 sgd {} } "
      "ema { decay: 0.75 }",
      &config));
  config.set_micro_batches(micro_batches);
  return config;
}

// Cross-entropy that counts, in a tensor of its own, the mean of the rows' targets.
class Counting : public Criterion {
 public:
  explicit Counting(std::unique_ptr<Criterion> inner)
      : Criterion({{.name = "mean_target", .shape = {}, .initial = InitialValuesGiven{{1}}},
                   {.name = "class_weights", .shape = {3}, .initial = InitialValuesGiven{{0.3, 1.7, 0.9}}}}),
        inner_(std::move(inner)) {}
  LossSum Loss(const at::Tensor& outputs, const Batch& batch, const CriterionContext& context) const override {
    if (context.training) {
      context.tensors["mean_target"].mul_(0.5).add_(batch.tensors.at("target").to(at::kFloat).mean(), 0.5);
    }
    const std::vector<at::Tensor> weights = {context.tensors["class_weights"]};
    return inner_->Loss(outputs, batch, {.tensors = inner_->NameTensors(weights)});
  }

 private:
  const std::unique_ptr<Criterion> inner_;
};

struct Stepper {
  Stepper(const TrainConfig& train_config, int workers)
      : config(train_config),
        model(*BuildModel(config.model(), kPictures)),
        criterion(std::make_unique<Counting>(*BuildCriterion(config.criterion(), kPictures))),
        optimizer(*BuildOptimizer(config.optimizer())),
        pool(*WorkerPool::Create(workers, [] { at::set_num_threads(1); })),
        state(*InitialState({.config = config,
                             .seed = kSeed,
                             .model = *model,
                             .criterion = *criterion,
                             .train = examples,
                             .pool = *pool},
                            at::kCPU)) {}

  // Each of `rows` is a step.
  absl::Status Steps(const std::vector<int64_t>& rows) {
    TrainStep step({.config = config,
                    .seed = kSeed,
                    .model = *model,
                    .criterion = *criterion,
                    .optimizer = *optimizer,
                    .pool = *pool,
                    .state = state});
    absl::Status status;
    for (size_t i = 0; i < rows.size() && status.ok(); ++i) {
      std::vector<int64_t> indices(rows[i]);
      std::iota(indices.begin(), indices.end(), 0);
      status = step.Run(examples, indices);
    }
    return status;
  }

  const FlatTensors& buffers() const { return *state.buffers(); }
  const FlatTensors& buffers_average() const { return *state.weights_buffers(); }
  // Empty if all is equal to the bit.
  std::vector<std::string> DifferencesFrom(const Stepper& other) const { return Differences(state, other.state); }

  at::Tensor CriterionTensor(const std::string& name) const {
    return criterion->NameTensors(state.Find(kCriterionGroup)->views())[name];
  }

  const TrainConfig config;
  std::unique_ptr<Model> model;
  std::unique_ptr<Criterion> criterion;
  std::unique_ptr<Optimizer> optimizer;
  std::unique_ptr<WorkerPool> pool;
  const TensorSource examples = TestExamples("pictures", 32, kPictures.features, kPictures.classes);
  State state;
};

// 13 rows do not divide by the micro-batches, and 3 leave some of them empty.
TEST(Buffers, AreTheSameBitsForAnyWorkers) {
  for (const uint32_t micro_batches : {1, 2, 8}) {
    Stepper reference(Config(micro_batches), 1);
    ASSERT_THAT(reference.Steps({32, 13, 3, 32}), IsOk());
    for (const int workers : {2, 3}) {
      Stepper training(Config(micro_batches), workers);
      ASSERT_THAT(training.Steps({32, 13, 3, 32}), IsOk());
      EXPECT_THAT(training.DifferencesFrom(reference), IsEmpty()) << micro_batches << ", " << workers << " workers";
    }
  }
}

TEST(Buffers, OfOneMicroBatchAreWhatForwardLeaves) {
  Stepper training(Config(1), 1);
  const FlatTensors expected = training.buffers().CopyTo(at::kCPU);
  Batch batch = training.examples.Slice(0, 13);
  training.model->Forward(training.model->NameParameters(training.state.model().views()), batch,
                          {.training = true, .buffers = training.model->NameBuffers(expected.views())});
  ASSERT_THAT(training.Steps({13}), IsOk());
  EXPECT_TRUE(at::equal(training.buffers().flat(), expected.flat()));
}

// 5 rows are cut into 2 and 3.
TEST(Buffers, OfSeveralMicroBatchesAreTheMeanByRows) {
  Stepper training(Config(2), 2);
  const auto of_rows = [&](int64_t begin, int64_t end) {
    const FlatTensors buffers = training.buffers().CopyTo(at::kCPU);
    training.model->Forward(training.model->NameParameters(training.state.model().views()),
                            training.examples.Slice(begin, end),
                            {.training = true, .buffers = training.model->NameBuffers(buffers.views())});
    return buffers.flat();
  };
  const at::Tensor expected = of_rows(0, 2).mul(0.4).add(of_rows(2, 5).mul(0.6));
  ASSERT_THAT(training.Steps({5}), IsOk());
  EXPECT_TRUE(at::allclose(training.buffers().flat(), expected, 1e-6, 1e-7));
}

TEST(Buffers, HaveAnAverage) {
  Stepper training(Config(2), 1);
  ASSERT_THAT(training.Steps({8}), IsOk());
  const at::Tensor first = training.buffers().flat().clone();
  EXPECT_TRUE(at::equal(training.buffers_average().flat(), first));
  ASSERT_THAT(training.Steps({13}), IsOk());
  EXPECT_TRUE(at::allclose(training.buffers_average().flat(), first.mul(0.75).add(training.buffers().flat().mul(0.25)),
                           1e-6, 1e-8));
}

TEST(Buffers, StayWhenTrainingDiverges) {
  Stepper training(Config(2), 2);
  training.state.model().views()[0].fill_(std::numeric_limits<float>::quiet_NaN());
  const at::Tensor before = training.buffers().flat().clone();
  EXPECT_THAT(training.Steps({8}), StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("diverged")));
  EXPECT_TRUE(at::equal(training.buffers().flat(), before));
  EXPECT_EQ(training.CriterionTensor("mean_target").item<double>(), 1);
}

// Another process goes on from copies; without those of the buffers, or of the criterion, it ends elsewhere.
TEST(Buffers, AreResumed) {
  Stepper whole(Config(2), 1);
  ASSERT_THAT(whole.Steps({13, 8, 32, 13}), IsOk());
  Stepper first(Config(2), 2);
  ASSERT_THAT(first.Steps({13, 8}), IsOk());
  for (const char* const forgotten : {"", kBuffersGroup, kAverageBuffersGroup, kCriterionGroup}) {
    Stepper second(Config(2), 1);
    const State fresh = second.state.CopyTo(at::kCPU);
    second.state = first.state.CopyTo(at::kCPU);
    if (*forgotten != 0) second.state.Find(forgotten)->flat().copy_(fresh.Find(forgotten)->flat());
    ASSERT_THAT(second.Steps({32, 13}), IsOk());
    EXPECT_EQ(second.DifferencesFrom(whole).empty(), *forgotten == 0) << forgotten;
  }
}

// The mean of equal copies is rounded where it is taken as a sum of weighted ones.
TEST(CriterionTensors, AreChangedByTrainingOrKeepTheirBits) {
  Stepper training(Config(8), 2);
  ASSERT_THAT(training.Steps({13, 13, 3}), IsOk());
  const at::Tensor weights = training.CriterionTensor("class_weights");
  for (const auto& [i, expected] : {std::pair(0, 0.3F), std::pair(1, 1.7F), std::pair(2, 0.9F)}) {
    EXPECT_EQ(weights[i].item<float>(), expected);
  }
  // Half of what it was and half of the targets' mean; the mean of the micro-batches' is the batch's.
  double expected = 1;
  for (const int64_t rows : {13, 13, 3}) {
    expected =
        expected / 2 + training.examples.Slice(0, rows).tensors.at("target").to(at::kDouble).mean().item<double>() / 2;
  }
  EXPECT_NEAR(training.CriterionTensor("mean_target").item<double>(), expected, 1e-6);
}

TEST(CheckMicroBatchRows, FindsMicroBatchesThatAreTooSmall) {
  ModelConfig config;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "convnet { channels: [2, 2] pool: [4, 1] residual: [false, true] }", &config));
  ASSERT_OK_AND_ASSIGN(const auto model, BuildModel(config, kPictures));
  ASSERT_EQ(model->min_training_rows(), 2);
  EXPECT_THAT(CheckMicroBatchRows(*model, 64, 16, 4), IsOk());
  EXPECT_THAT(CheckMicroBatchRows(*model, 64 + 8, 16, 4), IsOk());
  EXPECT_THAT(CheckMicroBatchRows(*model, 5, 16, 1), IsOk());
  for (const int64_t last : {1, 3, 7}) {
    EXPECT_THAT(CheckMicroBatchRows(*model, 64 + last, 16, 4),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("the last batch of an epoch has")));
  }
  EXPECT_THAT(CheckMicroBatchRows(*model, 64, 16, 16),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a batch has 16 in 16 micro-batches")));
  config.mutable_convnet()->set_pool(0, 1);
  ASSERT_OK_AND_ASSIGN(const auto any, BuildModel(config, kPictures));
  EXPECT_THAT(CheckMicroBatchRows(*any, 65, 16, 16), IsOk());
}

}  // namespace
}  // namespace baton
