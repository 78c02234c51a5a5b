// The speed of training steps alone, on random examples: examples a second of the fastest of some runs, on stdout.

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/program.h"
#include "base/status_macros.h"
#include "google/protobuf/text_format.h"
#include "models/criterion_registry.h"
#include "models/model_registry.h"
#include "optim/optimizer.h"
#include "training/fit.h"
#include "training/torch_setup.h"
#include "training/train_step.h"

ABSL_FLAG(std::string, model, "mlp { hidden_sizes: [256, 256] }", "A ModelConfig.");
ABSL_FLAG(std::string, shape, "64", "Shape of an example, e.g. 1,28,28.");
ABSL_FLAG(int, classes, 10, "Classes of the examples.");
ABSL_FLAG(int, batch_size, 64, "Examples a step.");
ABSL_FLAG(int, micro_batches, 1, "Micro-batches a step.");
ABSL_FLAG(int, workers, 0, "Workers; 0: as many as there are cores, at most the micro-batches.");
ABSL_FLAG(double, clip_norm, 0, "Norm to which gradients are clipped; 0: never.");
ABSL_FLAG(int, steps, 200, "Steps a run.");
ABSL_FLAG(int, runs, 3, "Runs, of which the fastest counts.");

namespace baton {
namespace {

absl::StatusOr<TensorSource> RandomExamples(const DataShape& shape, int64_t rows) {
  std::vector<int64_t> dimensions = {rows};
  dimensions.insert(dimensions.end(), shape.features.begin(), shape.features.end());
  HostTensor features{.name = "features", .dtype = DType::kF32, .shape = dimensions, .bytes = {}};
  HostTensor target{.name = "target", .dtype = DType::kI64, .shape = {rows}, .bytes = {}};
  uint64_t random = 1;
  const auto next = [&random] { return (random = random * 6364136223846793005U + 1442695040888963407U) >> 33; };
  for (int64_t i = 0; i < rows * shape.FeatureCount(); ++i) {
    const float value = static_cast<float>(next() % 2000) / 1000 - 1;
    features.bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t value = static_cast<int64_t>(next() % shape.classes);
    target.bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  return TensorSource::FromHost({features, target}, at::kCPU);
}

absl::Status Bench(const std::vector<std::string>&) {
  MakeDeterministic();
  TrainConfig config;
  if (!google::protobuf::TextFormat::ParseFromString(absl::GetFlag(FLAGS_model), config.mutable_model())) {
    return absl::InvalidArgumentError("--model is no ModelConfig");
  }
  config.mutable_criterion()->mutable_cross_entropy();
  config.mutable_optimizer()->mutable_adamw();
  config.mutable_optimizer()->set_learning_rate(1e-4);
  config.set_micro_batches(absl::GetFlag(FLAGS_micro_batches));
  config.set_clip_norm(absl::GetFlag(FLAGS_clip_norm));
  DataShape shape{.features = {}, .classes = absl::GetFlag(FLAGS_classes)};
  for (const absl::string_view part : absl::StrSplit(absl::GetFlag(FLAGS_shape), ',')) {
    if (!absl::SimpleAtoi(part, &shape.features.emplace_back())) {
      return absl::InvalidArgumentError("--shape is a list of numbers, e.g. 1,28,28");
    }
  }
  ASSIGN_OR_RETURN(const auto model, BuildModel(config.model(), shape));
  ASSIGN_OR_RETURN(const auto criterion, BuildCriterion(config.criterion(), shape));
  ASSIGN_OR_RETURN(const auto optimizer, BuildOptimizer(config.optimizer()));
  ASSIGN_OR_RETURN(const auto pool, MakeWorkers(absl::GetFlag(FLAGS_workers), config.micro_batches(), 1, at::kCPU));
  const int64_t rows = 64 * absl::GetFlag(FLAGS_batch_size);
  ASSIGN_OR_RETURN(const TensorSource examples, RandomExamples(shape, rows));
  const Training training = {
      .config = config, .seed = 1, .model = *model, .criterion = *criterion, .train = examples, .pool = *pool};
  ASSIGN_OR_RETURN(State state, InitialState(training, at::kCPU));
  TrainStep step({.config = config,
                  .seed = training.seed,
                  .model = *model,
                  .criterion = *criterion,
                  .optimizer = *optimizer,
                  .pool = *pool,
                  .state = state});
  std::vector<int64_t> indices(rows);
  std::iota(indices.begin(), indices.end(), 0);
  double fastest = 0;
  for (int run = 0; run < absl::GetFlag(FLAGS_runs); ++run) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < absl::GetFlag(FLAGS_steps); ++i) {
      const absl::Span<const int64_t> batch(indices.data() + (i % 64) * absl::GetFlag(FLAGS_batch_size),
                                            absl::GetFlag(FLAGS_batch_size));
      RETURN_IF_ERROR(step.Run(examples, batch));
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    fastest = std::max(fastest, absl::GetFlag(FLAGS_steps) * absl::GetFlag(FLAGS_batch_size) / took.count());
  }
  std::cout << fastest << "\n";
  return absl::OkStatus();
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) {
  return baton::RunProgram(argc, argv, "Measures the speed of training steps.", baton::Bench);
}
