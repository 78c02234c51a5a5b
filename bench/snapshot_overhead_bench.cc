// What snapshots cost a training loop: steps of a calibrated length, with a snapshot every 10 of them and with none,
// taking turns in one process. A step is matrix products on one thread and an AdamW update of the whole State, in
// Baton's chunks, so that the State is as far from the caches as in training.
//
//   bazel run -c opt //bench:snapshot_overhead_bench -- --folder=/somewhere/on/the/disk
//
// Prints, as medians over the rounds: the slowdown by wall time and by the training thread's own CPU time (which other
// programs disturb less); how long the loop waits for each snapshot that is taken, and a memcpy beside it. Wall time
// says something only where nothing else runs. docs/performance.md has results.
#include <unistd.h>

#include <algorithm>
#include <chrono>
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
ABSL_FLAG(int, rounds, 21, "rounds of 50 steps with and 50 without snapshots");

namespace baton {
namespace {

constexpr int kStepsPerRound = 50;
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

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
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
    const auto layout = std::make_shared<const FlatLayout>(specs);
    state_.model = FlatTensors(layout, at::kCPU);
    for (const std::string& slot : optimizer_->slots()) {
      state_.optimizer.emplace_back(slot, FlatTensors(layout, at::kCPU));
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
    for (const FlatLayout::Chunk& chunk : state_.model.layout().chunks) {
      OptimizerChunk views = {.parameters = state_.model.ChunkView(chunk),
                              .gradients = gradient_.ChunkView(chunk),
                              .slots = {},
                              .weight_decay = chunk.weight_decay};
      for (const auto& [slot, tensors] : state_.optimizer) views.slots.push_back(tensors.ChunkView(chunk));
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

// 50 steps; with a writer a snapshot after the 5th, 15th, ... so that each is written while the loop runs.
absl::StatusOr<Times> Round(Bench& bench, SnapshotWriter* writer, std::vector<double>& stalls, int& left_out) {
  const double wall = WallSeconds(), thread = ThreadSeconds();
  bool copying = false;
  for (int i = 1; i <= kStepsPerRound; ++i) {
    const double waited = bench.Step(writer);
    if (copying) stalls.back() += waited;
    copying = false;
    if (writer == nullptr || i % kStepsPerSnapshot != kStepsPerSnapshot / 2) continue;
    const double before = WallSeconds();
    ASSIGN_OR_RETURN(const bool begun, writer->Save(bench.state(), SnapshotWriter::Importance::kPeriodic));
    if (begun) stalls.push_back(WallSeconds() - before);
    if (!begun) ++left_out;
    copying = begun;
  }
  const Times times = {.wall = WallSeconds() - wall, .thread = ThreadSeconds() - thread};
  if (writer != nullptr) RETURN_IF_ERROR(writer->Wait());
  return times;
}

double MemcpySeconds(const State& state) {
  const std::vector<char> from(state.model.flat().nbytes() * (1 + state.optimizer.size()), 1);
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
  int left_out = 0;
  for (int round = 0; round < absl::GetFlag(FLAGS_rounds); ++round) {
    Times with, without;
    // The order changes from round to round.
    for (const bool snapshots : {round % 2 == 0, round % 2 != 0}) {
      ASSIGN_OR_RETURN((snapshots ? with : without), Round(bench, snapshots ? &writer : nullptr, stalls, left_out));
    }
    wall.push_back(with.wall / without.wall);
    thread.push_back(with.thread / without.thread);
    step.push_back(without.wall / kStepsPerRound);
  }
  const double mebibytes =
      static_cast<double>(bench.state().model.flat().nbytes()) * (1 + bench.state().optimizer.size()) / (1 << 20);
  std::printf("State %.1f MiB, steps of %.1f ms, a snapshot every %d steps; medians of %d rounds\n", mebibytes,
              Median(step) * 1e3, kStepsPerSnapshot, absl::GetFlag(FLAGS_rounds));
  std::printf("slower with snapshots, by wall time:              %+.2f %%\n", 100 * (Median(wall) - 1));
  std::printf("slower with snapshots, by the thread's CPU time:  %+.2f %%\n", 100 * (Median(thread) - 1));
  std::printf("the loop waits %.2f ms for each; a memcpy of as much, warm, %.2f ms\n", Median(stalls) * 1e3,
              MemcpySeconds(bench.state()) * 1e3);
  std::printf("left out because one was being written: %d of %zu\n", left_out, left_out + stalls.size());
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
