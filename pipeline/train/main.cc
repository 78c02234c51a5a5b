#include <cstdint>

#include "absl/flags/flag.h"
#include "pipeline/config/command_line.h"
#include "pipeline/train/train_stage.h"

ABSL_FLAG(uint64_t, stop_at_step, 0, "stop at this step as at a signal; 0: nowhere");

namespace {

constexpr char kUsage[] =
    R"(Trains the configured model on the dataset that load made, and keeps snapshots of all that it takes to go on.

  bazel run //pipeline/train -- --run_dir=runs/x
  bazel run //pipeline/train -- --run_dir=runs/x train.max_epochs=50 train.optimizer.learning_rate=0.01

Killed or stopped at any moment (Ctrl-C, SIGTERM: exit code 75), the same command goes on where it was, and ends with
the same bits as if it had never stopped. Training that is complete is not repeated; with train.max_epochs raised it
goes on. Changing what the result depends on in the middle of a training is refused, with the choices.

It begins with weights drawn from the seed, or with those of another run's snapshot (docs/fine_tuning.md):

  bazel run //pipeline/train -- --run_dir=runs/x train.initial_weights.snapshot=runs/other

With --stop_at_step=N it stops after step N, counted from the beginning, as it does at a signal: with a snapshot, exit
code 75.)";

}  // namespace

int main(int argc, char** argv) {
  return baton::RunMain(argc, argv, kUsage, [](const baton::StageOptions& options) {
    return baton::RunTrain(options, {.stop_at_step = absl::GetFlag(FLAGS_stop_at_step)});
  });
}
