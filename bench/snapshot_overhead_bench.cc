// What snapshots cost a training loop: steps of a calibrated length, with a snapshot every 10 of them and with none,
// taking turns in one process. A step is matrix products on one thread and an AdamW update of the whole State, in
// Baton's chunks, so that the State is as far from the caches as in training.
//
//   bazel run -c opt //bench:snapshot_overhead_bench -- --folder=/somewhere/on/the/disk
//
// Prints, as medians over the rounds, with their standard errors: the slowdown by wall time and by the training
// thread's own CPU time (which other programs disturb less); how long the loop waits for a snapshot, and a memcpy
// beside it. Wall time says something only where nothing else runs. docs/performance.md has results.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <memory>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/program.h"
#include "base/status_macros.h"
#include "optim/optimizer.h"
#include "state/snapshot_store.h"
#include "state/snapshot_writer.h"

#include "third_party/torch_begin.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>

#include "third_party/torch_end.h"

ABSL_FLAG(std::string, folder, "", "where the snapshots are written; empty: the system's temporary folder");
ABSL_FLAG(int64_t, parameters, 800'000, "parameters of the model; AdamW keeps two more numbers of each");
ABSL_FLAG(double, step_ms, 20, "length of a step");
ABSL_FLAG(int, rounds, 151, "rounds of 10 steps with a snapshot and 10 without");

namespace baton {
namespace {

constexpr int kStepsPerSnapshot = 10;
constexpr int64_t kMatrix = 256;

double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double ThreadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double Quantile(std::vector<double> values, double quantile) {
  const auto nth = values.begin() + static_cast<ptrdiff_t>(quantile * static_cast<double>(values.size()));
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

double Median(const std::vector<double>& values) { return Quantile(values, 0.5); }

// Of the median, as of a normal distribution with these quartiles: sqrt(pi / 2) times that of the mean.
double StandardError(const std::vector<double>& values) {
  const double deviation = (Quantile(values, 0.75) - Quantile(values, 0.25)) / 1.349;
  return 1.2533 * deviation / std::sqrt(static_cast<double>(values.size()));
}

class Bench {
 public:
  explicit Bench(int64_t parameters) {
    OptimizerConfig config;
    config.mutable_adamw();
    optimizer_ = *BuildOptimizer(config);
    // Square matrices, as in a transformer, and what is left.
    std::vector<ParameterSpec> specs;
    for (int64_t left = parameters; left > 0;) {
      const int64_t size = std::min<int64_t>(left, kMatrix * kMatrix);
      specs.push_back({.name = std::to_string(specs.size()), .shape = {size}, .weight_decay = true});
      left -= size;
    }
    const auto layout = FlatLayout::Create(specs).value();
    state_.groups = {{kModelGroup, FlatTensors(layout, at::kCPU)}};
    for (const std::string& slot : optimizer_->slots()) {
      state_.groups.push_back({OptimizerGroup(slot), FlatTensors(layout, at::kCPU)});
    }
    gradient_ = FlatTensors(layout, at::kCPU);
    gradient_.flat().fill_(1e-3);
  }

  void Calibrate(double step_seconds) {
    for (int i = 0; i < 20; ++i) Step();
    while (true) {
      const double start = ThreadSeconds();
      for (int i = 0; i < 5; ++i) Step();
      const double seconds = (ThreadSeconds() - start) / 5;
      if (seconds >= step_seconds) return;
      products_ += std::max(1, static_cast<int>(products_ * 0.5 * (step_seconds / seconds - 1)));
    }
  }

  // Seconds that a step waits for the copy of a snapshot that `writer`, which may be null, has begun.
  double Step(SnapshotWriter* writer = nullptr) {
    for (int i = 0; i < products_; ++i) at::mm_out(product_, left_, right_);
    const double before = WallSeconds();
    if (writer != nullptr) writer->FinishCopy();
    const double waited = WallSeconds() - before;
    const uint64_t step = state_.progress.step_index() + 1;
    for (const FlatLayout::Chunk& chunk : state_.model().layout().chunks) {
      OptimizerChunk views = {.parameters = state_.model().ChunkView(chunk),
                              .gradients = gradient_.ChunkView(chunk),
                              .slots = {},
                              .weight_decay = chunk.weight_decay};
      for (const TensorGroup& group : state_.groups) {
        if (group.name != kModelGroup) views.slots.push_back(group.tensors.ChunkView(chunk));
      }
      optimizer_->Update(views, 1, 1e-3, step);
    }
    state_.progress.set_step_index(step);
    return waited;
  }

  State& state() { return state_; }

 private:
  std::unique_ptr<Optimizer> optimizer_;
  State state_;
  FlatTensors gradient_;
  const at::Tensor left_ = at::ones({kMatrix, kMatrix}), right_ = at::ones({kMatrix, kMatrix});
  at::Tensor product_ = at::ones({kMatrix, kMatrix});
  int products_ = 1;
};

struct Times {
  double wall = 0;
  double thread = 0;  // CPU time of the training thread
};

// 10 steps; with a writer a snapshot before the second, so that it is written while the loop runs.
absl::StatusOr<Times> Round(Bench& bench, SnapshotWriter* writer, std::vector<double>& stalls) {
  const double wall = WallSeconds(), thread = ThreadSeconds();
  bench.Step();
  if (writer != nullptr) {
    const double before = WallSeconds();
    RETURN_IF_ERROR(writer->Save(bench.state(), SnapshotWriter::Importance::kRequired).status());
    const double saved = WallSeconds();
    stalls.push_back(saved - before + bench.Step(writer));
  } else {
    bench.Step();
  }
  for (int i = 2; i < kStepsPerSnapshot; ++i) bench.Step();
  const Times times = {.wall = WallSeconds() - wall, .thread = ThreadSeconds() - thread};
  if (writer != nullptr) RETURN_IF_ERROR(writer->Wait());
  return times;
}

double MemcpySeconds(const State& state) {
  const std::vector<char> from(state.model().flat().nbytes() * state.groups.size(), 1);
  std::vector<char> to(from.size());
  std::vector<double> seconds;
  for (int i = 0; i < 21; ++i) {
    const double before = WallSeconds();
    std::memcpy(to.data(), from.data(), from.size());
    seconds.push_back(WallSeconds() - before);
  }
  return Median(seconds);
}

absl::Status Measure(const std::string& folder) {
  at::set_num_threads(1);
  const at::NoGradGuard no_gradients;
  Bench bench(absl::GetFlag(FLAGS_parameters));
  bench.Calibrate(absl::GetFlag(FLAGS_step_ms) / 1000);
  SnapshotStore store(FileSystem::Posix(), folder);
  SnapshotWriter writer(store, {.retention = {.keep_last = 2}}, bench.state());
  std::vector<double> stalls, wall, thread, step;
  for (int round = 0; round < absl::GetFlag(FLAGS_rounds); ++round) {
    Times with, without;
    // The order changes from round to round.
    for (const bool snapshots : {round % 2 == 0, round % 2 != 0}) {
      ASSIGN_OR_RETURN((snapshots ? with : without), Round(bench, snapshots ? &writer : nullptr, stalls));
    }
    wall.push_back(with.wall / without.wall);
    thread.push_back(with.thread / without.thread);
    step.push_back(without.wall / kStepsPerSnapshot);
  }
  const double mebibytes =
      static_cast<double>(bench.state().model().flat().nbytes()) * bench.state().groups.size() / (1 << 20);
  std::printf("State %.1f MiB, steps of %.1f ms, a snapshot every %d steps; medians of %d rounds\n", mebibytes,
              Median(step) * 1e3, kStepsPerSnapshot, absl::GetFlag(FLAGS_rounds));
  std::printf("slower with snapshots, by wall time:              %+.2f %% +- %.2f\n", 100 * (Median(wall) - 1),
              100 * StandardError(wall));
  std::printf("slower with snapshots, by the thread's CPU time:  %+.2f %% +- %.2f\n", 100 * (Median(thread) - 1),
              100 * StandardError(thread));
  std::printf("the loop waits %.2f ms for each; a memcpy of as much, warm, %.2f ms\n", Median(stalls) * 1e3,
              MemcpySeconds(bench.state()) * 1e3);
  return absl::OkStatus();
}

constexpr char kHelp[] =
    "Measures what snapshots cost a training loop. --folder=DIR --parameters=N --step_ms=T --rounds=N\n";

absl::Status Body(const std::vector<std::string>&) {
  std::string folder = absl::GetFlag(FLAGS_folder).empty() ? std::filesystem::temp_directory_path().string()
                                                           : absl::GetFlag(FLAGS_folder);
  folder = absl::StrCat(folder, "/baton-snapshot-overhead-", getpid());
  const absl::Status measured = Measure(folder);
  RETURN_IF_ERROR(RemoveTree(FileSystem::Posix(), folder));
  return measured;
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) { return baton::RunProgram(argc, argv, baton::kHelp, baton::Body); }
