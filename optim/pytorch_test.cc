// Optimizers, schedules and the average of the weights against PyTorch's own, over 100 steps: the values are those of
// testdata/make_pytorch_reference.py.

#include <cmath>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "optim/ema.h"
#include "optim/flat_tensors.h"
#include "optim/optimizer.h"
#include "optim/plateau.h"
#include "optim/schedule.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/tensor.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using nlohmann::json;
using testing::DoubleNear;
using testing::Pointwise;

constexpr int kSteps = 100;
constexpr double kTolerance = 1e-6;

json Reference(const std::string& part) {
  std::ifstream file("optim/testdata/pytorch_reference.json");
  const json reference = json::parse(file, nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(reference.contains(part)) << "pytorch_reference.json has no " << part;
  return reference.value(part, json::object());
}

template <typename Config>
Config Parse(const std::string& text) {
  Config config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
  return config;
}

// A weight [3, 4] with weight decay and a bias [4] without, laid out in two chunks.
FlatTensors Flat(const std::function<double(int)>& value) {
  const std::vector<ParameterSpec> parameters = {{.name = "weight", .shape = {3, 4}, .weight_decay = true},
                                                 {.name = "bias", .shape = {4}}};
  FlatTensors tensors(FlatLayout::Create(parameters).value(), at::kCPU);
  for (int i = 0; i < 16; ++i) tensors.views()[i / 12].view({-1})[i % 12].fill_(static_cast<float>(value(i)));
  return tensors;
}

std::vector<double> Values(const FlatTensors& tensors) {
  std::vector<double> values;
  for (int i = 0; i < 16; ++i) values.push_back(tensors.views()[i / 12].view({-1})[i % 12].item<double>());
  return values;
}

// Takes the steps of the reference; calls `after_step` with the number of steps taken and the weights.
void Train(const OptimizerConfig& config, const std::function<void(int, const FlatTensors&)>& after_step) {
  const auto optimizer = BuildOptimizer(config);
  ASSERT_TRUE(optimizer.ok()) << optimizer.status();
  const FlatTensors weights = Flat([](int i) { return std::cos(0.9 * i); });
  std::vector<FlatTensors> slots;
  for (size_t i = 0; i < (*optimizer)->slots().size(); ++i) slots.emplace_back(weights.shared_layout(), at::kCPU);
  ASSERT_EQ(weights.layout().chunks.size(), 2);
  for (int step = 0; step < kSteps; ++step) {
    const FlatTensors gradients = Flat([step](int i) { return std::sin(0.7 * step + 1.3 * i); });
    for (const FlatLayout::Chunk& chunk : weights.layout().chunks) {
      OptimizerChunk views{.parameters = weights.ChunkView(chunk),
                           .gradients = gradients.ChunkView(chunk),
                           .slots = {},
                           .weight_decay = chunk.weight_decay};
      for (const FlatTensors& slot : slots) views.slots.push_back(slot.ChunkView(chunk));
      (*optimizer)->Update(views, /*gradient_divisor=*/1, 0.01 * (1 - step / 150.0), step + 1);
    }
    after_step(step + 1, weights);
  }
}

TEST(Optimizers, AreAsPyTorchs) {
  const json reference = Reference("optimizers");
  ASSERT_EQ(reference.size(), 14);
  for (const auto& [text, kept] : reference.items()) {
    SCOPED_TRACE(text);
    int compared = 0;
    Train(Parse<OptimizerConfig>(text), [&](int step, const FlatTensors& weights) {
      const auto expected = kept.find(std::to_string(step));
      if (expected == kept.end()) return;
      EXPECT_THAT(Values(weights), Pointwise(DoubleNear(kTolerance), expected->get<std::vector<double>>())) << step;
      ++compared;
    });
    EXPECT_EQ(compared, 6);
  }
}

TEST(Ema, IsAsPyTorchsAveragedModel) {
  const json reference = Reference("averages");
  ASSERT_EQ(reference.size(), 2);
  for (const auto& [text, kept] : reference.items()) {
    SCOPED_TRACE(text);
    const EmaConfig config = Parse<EmaConfig>(text);
    const FlatTensors average = Flat([](int) { return 1000; });  // the first update takes nothing of it
    int compared = 0;
    Train(Parse<OptimizerConfig>("weight_decay: 0.05 adamw {}"), [&](int step, const FlatTensors& weights) {
      for (const FlatLayout::Chunk& chunk : average.layout().chunks) {
        UpdateEma(config, step == 1, weights.ChunkView(chunk), average.ChunkView(chunk));
      }
      const auto expected = kept.find(std::to_string(step));
      if (expected == kept.end()) return;
      EXPECT_THAT(Values(average), Pointwise(DoubleNear(kTolerance), expected->get<std::vector<double>>())) << step;
      ++compared;
    });
    EXPECT_EQ(compared, 6);
  }
}

TEST(Schedules, AreAsPyTorchs) {
  const json reference = Reference("schedules");
  ASSERT_EQ(reference.size(), 13);
  for (const auto& [text, factors] : reference.items()) {
    const ScheduleConfig config = Parse<ScheduleConfig>(text);
    std::vector<double> values;
    for (int step = 0; step < kSteps; ++step) values.push_back(ScheduleFactor(config, step, config.horizon_steps()));
    EXPECT_THAT(values, Pointwise(DoubleNear(kTolerance), factors.get<std::vector<double>>())) << text;
  }
}

TEST(Plateau, IsAsPyTorchs) {
  const json reference = Reference("plateaus");
  const std::vector<double> losses = reference["losses"];
  ASSERT_EQ(losses.size(), kSteps);
  ASSERT_EQ(reference["factors"].size(), 4);
  for (const auto& [text, factors] : reference["factors"].items()) {
    const auto config = Parse<PlateauScheduleConfig>(text);
    PlateauState state;
    EXPECT_EQ(PlateauFactor(state), 1);
    std::vector<double> values;
    for (const double loss : losses) {
      UpdatePlateau(config, loss, state);
      values.push_back(PlateauFactor(state));
    }
    EXPECT_THAT(values, Pointwise(DoubleNear(kTolerance), factors.get<std::vector<double>>())) << text;
  }
}

}  // namespace
}  // namespace baton
