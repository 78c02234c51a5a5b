// Trains a model of its own on tensors of its own with the engine alone: no run directory, no configuration file.
//
//   bazel run //examples:fit_tensors -- /tmp/spirals
//
// Kill it at any moment and run it again: it goes on from the newest snapshot in the folder, and ends with the same
// bits (examples/fit_tensors_test.sh).
#include <cmath>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "base/file_system.h"
#include "base/program.h"
#include "base/signals.h"
#include "base/status_macros.h"
#include "google/protobuf/text_format.h"
#include "models/criterion.h"
#include "models/cross_entropy.h"
#include "models/model.h"
#include "state/snapshot_store.h"
#include "training/fit.h"
#include "training/progress_observer.h"
#include "training/torch_setup.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tanh.h>

#include "third_party/torch_end.h"

namespace {

using baton::Batch;
using baton::ForwardContext;
using baton::InitialNormal;
using baton::NamedTensors;

constexpr char kConfig[] = R"(
  optimizer { learning_rate: 0.01 adamw {} }
  batch_size: 64
  micro_batches: 4
  max_steps: 2000
  validate_every_steps: 200
  snapshots { every_steps: 100 }
)";

// Two layers with a tanh between them: a model says which tensors it has, and what it does with them.
class TwoLayers : public baton::Model {
 public:
  explicit TwoLayers(int64_t width)
      : Model({{.name = "in.weight", .shape = {width, 2}, .weight_decay = true, .initial = InitialNormal{1}},
               {.name = "in.bias", .shape = {width}, .initial = InitialNormal{1}},
               {.name = "out.weight", .shape = {2, width}, .weight_decay = true, .initial = InitialNormal{0.1}},
               {.name = "out.bias", .shape = {2}}}) {}

  at::Tensor Forward(const NamedTensors& parameters, const Batch& batch, const ForwardContext&) const override {
    const at::Tensor hidden =
        at::tanh(at::linear(batch.tensors.at("features"), parameters["in.weight"], parameters["in.bias"]));
    return at::linear(hidden, parameters["out.weight"], parameters["out.bias"]);
  }
};

// Points on two spirals, one a class, from number `first` on.
absl::StatusOr<baton::TensorSource> Spirals(int64_t first, int64_t count) {
  const at::Tensor features = at::empty({count, 2}, at::kFloat), target = at::empty({count}, at::kLong);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t kind = i % 2;
    const double along = std::fmod(0.6180339887498949 * static_cast<double>(first + i), 1.0);
    const double angle = 9 * along + M_PI * static_cast<double>(kind);
    features[i][0] = along * std::cos(angle);
    features[i][1] = along * std::sin(angle);
    target[i] = kind;
  }
  return baton::TensorSource::Create({{"features", features}, {"target", target}});
}

absl::Status Run(const std::vector<std::string>& arguments) {
  uint64_t seed = 1;
  if (arguments.empty() || arguments.size() > 2 || (arguments.size() == 2 && !absl::SimpleAtoi(arguments[1], &seed))) {
    return absl::InvalidArgumentError("usage: fit_tensors FOLDER [SEED] (the folder is for the snapshots)");
  }
  baton::InstallStopSignals();
  baton::MakeDeterministic();
  baton::TrainConfig config;
  google::protobuf::TextFormat::ParseFromString(kConfig, &config);
  const TwoLayers model(64);
  const std::unique_ptr<baton::Criterion> criterion = baton::MakeCrossEntropy();
  ASSIGN_OR_RETURN(const baton::TensorSource train, Spirals(0, 1000));
  ASSIGN_OR_RETURN(const baton::TensorSource validation, Spirals(1000, 300));
  ASSIGN_OR_RETURN(const auto pool, baton::MakeWorkers(/*workers=*/0, config.micro_batches(), 1, at::kCPU));
  baton::SnapshotStore snapshots(baton::FileSystem::Posix(), arguments[0]);

  baton::Training training = {.config = config,
                              .seed = seed,
                              .model = model,
                              .criterion = *criterion,
                              .train = train,
                              .validation = &validation,
                              .pool = *pool,
                              .snapshots = &snapshots};
  ASSIGN_OR_RETURN(baton::State state, baton::RestoreOrBegin(training, at::kCPU));
  if (state.progress.step_index() > 0) std::cout << "goes on from step " << state.progress.step_index() << "\n";
  baton::ProgressObserver progress(config.max_steps(), state);
  training.observers = {&progress};
  RETURN_IF_ERROR(baton::Fit(training, state).status());
  std::cout << "step " << state.progress.step_index() << ", best validation loss "
            << state.progress.best().validation_loss() << ", accuracy "
            << state.history.back().validation_metrics().at("accuracy") << "\n"
            << "snapshot: " << snapshots.PathOf(state.progress.step_index()) << "\n";
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  return baton::RunProgram(argc, argv, "Trains a small network on two spirals; see the comment in its source.", Run);
}
