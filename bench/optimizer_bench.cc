// One optimizer step over 144 tensors of together 10 M parameters, the shapes of a GPT of 12 layers: Baton's chunks
// with one and two workers beside torch::optim::AdamW with one and two threads, taking turns in one process.
//
//   bazel run -c opt //bench:optimizer_bench [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/worker_pool.h"
#include "optim/flat_tensors.h"
#include "optim/optimizer.h"

#include "third_party/torch_begin.h"

#include <ATen/Parallel.h>
#include <torch/optim/adamw.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

constexpr int64_t kWidth = 264;
constexpr int kLayers = 12;
constexpr double kLearningRate = 1e-3;
constexpr double kWeightDecay = 0.1;

std::vector<ParameterSpec> Parameters() {
  std::vector<ParameterSpec> parameters;
  const auto add = [&](const std::string& name, std::vector<int64_t> shape) {
    const bool weight_decay = shape.size() > 1;
    parameters.push_back(
        {.name = name, .shape = std::move(shape), .weight_decay = weight_decay, .initial = InitialUniform{0.1}});
  };
  for (int layer = 0; layer < kLayers; ++layer) {
    for (const auto& [name, outputs, inputs] :
         std::vector<std::tuple<std::string, int64_t, int64_t>>{{"qkv", 3 * kWidth, kWidth},
                                                                {"out", kWidth, kWidth},
                                                                {"up", 4 * kWidth, kWidth},
                                                                {"down", kWidth, 4 * kWidth}}) {
      add(absl::StrCat("layers.", layer, ".", name, ".weight"), {outputs, inputs});
      add(absl::StrCat("layers.", layer, ".", name, ".bias"), {outputs});
    }
    for (const char* name : {"norm1", "norm2"}) {
      add(absl::StrCat("layers.", layer, ".", name, ".weight"), {kWidth});
      add(absl::StrCat("layers.", layer, ".", name, ".bias"), {kWidth});
    }
  }
  return parameters;
}

class Torch {
 public:
  explicit Torch(int threads) : threads_(threads) {
    std::vector<at::Tensor> decayed, others;
    for (const ParameterSpec& parameter : Parameters()) {
      at::Tensor tensor = at::empty(parameter.shape).uniform_(-0.1, 0.1).requires_grad_();
      tensor.mutable_grad() = at::empty(parameter.shape).uniform_(-0.1, 0.1);
      (parameter.weight_decay ? decayed : others).push_back(tensor);
    }
    const auto options = [](double weight_decay) {
      return std::make_unique<torch::optim::AdamWOptions>(
          torch::optim::AdamWOptions(kLearningRate).weight_decay(weight_decay));
    };
    optimizer_ = std::make_unique<torch::optim::AdamW>(
        std::vector<torch::optim::OptimizerParamGroup>{{decayed, options(kWeightDecay)}, {others, options(0)}});
  }

  void Step() {
    at::set_num_threads(threads_);
    optimizer_->step();
  }

 private:
  const int threads_;
  std::unique_ptr<torch::optim::AdamW> optimizer_;
};

class Baton {
 public:
  explicit Baton(int workers) : pool_(workers, [] { at::set_num_threads(1); }) {
    const std::vector<ParameterSpec> parameters = Parameters();
    const auto layout = FlatLayout::Create(parameters).value();
    OptimizerConfig config;
    config.set_weight_decay(kWeightDecay);
    config.mutable_adamw();
    optimizer_ = *BuildOptimizer(config);
    const auto uniform = [&](uint64_t seed) {
      FlatTensors tensors(layout, at::kCPU);
      Initialize(parameters, seed, tensors);
      return tensors;
    };
    const FlatTensors values = uniform(1), gradients = uniform(2);
    const FlatTensors first(layout, at::kCPU), second(layout, at::kCPU);
    for (const FlatLayout::Chunk& chunk : layout->chunks) {
      chunks_.push_back({.parameters = values.ChunkView(chunk),
                         .gradients = gradients.ChunkView(chunk),
                         .slots = {first.ChunkView(chunk), second.ChunkView(chunk)},
                         .weight_decay = chunk.weight_decay});
    }
    parameter_count_ = layout->parameter_count;
    tensor_count_ = parameters.size();
  }

  // As training/train_step.cc does it, the division of the gradients by the batch's weight included. (By 1 + a
  // little, so that the gradients, which are left divided, neither vanish nor become denormal.)
  void Step() {
    at::set_num_threads(1);
    ++step_;
    const absl::Status status = pool_.Run([this](int worker) {
      for (size_t i = worker; i < chunks_.size(); i += pool_.size()) {
        optimizer_->Update(chunks_[i], 1.0001, kLearningRate, step_);
      }
      return absl::OkStatus();
    });
    if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  }

  int64_t parameter_count() const { return parameter_count_; }
  size_t tensor_count() const { return tensor_count_; }

 private:
  WorkerPool pool_;
  std::unique_ptr<Optimizer> optimizer_;
  std::vector<OptimizerChunk> chunks_;
  uint64_t step_ = 0;
  int64_t parameter_count_ = 0;
  size_t tensor_count_ = 0;
};

double Milliseconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Run(int rounds) {
  Torch torch1(1), torch2(2);
  Baton baton1(1), baton2(2);
  struct Contender {
    const char* name;
    std::function<void()> step;
    std::vector<double> times = {};
  };
  std::vector<Contender> contenders = {{"torch::optim::AdamW, 1 thread", [&] { torch1.Step(); }},
                                       {"torch::optim::AdamW, 2 threads", [&] { torch2.Step(); }},
                                       {"Baton, 1 worker", [&] { baton1.Step(); }},
                                       {"Baton, 2 workers", [&] { baton2.Step(); }}};
  for (int round = -2; round < rounds; ++round) {  // two to warm up
    for (Contender& contender : contenders) {
      const double time = Milliseconds(contender.step);
      if (round >= 0) contender.times.push_back(time);
    }
  }
  std::printf("%zu tensors, %.2f M parameters, %d rounds\n\n", baton1.tensor_count(), baton1.parameter_count() / 1e6,
              rounds);
  std::printf(
      "| AdamW step | ms (median) | ms (best) | times faster than torch, 1 thread | 2 threads "
      "|\n|---|---|---|---|---|\n");
  for (const Contender& contender : contenders) {
    std::vector<double> ratios[2];
    for (int round = 0; round < rounds; ++round) {
      for (int torch : {0, 1}) ratios[torch].push_back(contenders[torch].times[round] / contender.times[round]);
    }
    std::printf("| %s | %.2f | %.2f | %.2f | %.2f |\n", contender.name, Median(contender.times),
                *std::min_element(contender.times.begin(), contender.times.end()), Median(ratios[0]),
                Median(ratios[1]));
  }
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 100;
  if (rounds < 1) {
    std::fprintf(stderr, "usage: optimizer_bench [ROUNDS]\n");
    return 64;
  }
  baton::Run(rounds);
}
