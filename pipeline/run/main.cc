#include <iostream>
#include <string>

#include "absl/flags/flag.h"
#include "base/status_macros.h"
#include "base/usage.h"
#include "pipeline/config/command_line.h"
#include "pipeline/run/chain.h"

ABSL_FLAG(bool, dry_run, false, "say what each stage would do, and do nothing");

namespace {

constexpr char kUsage[] =
    R"(Trains a model from a raw file: runs the stages load, train and evaluate, one after another.

A stage that is complete is skipped, one that was interrupted goes on where it stopped, and one whose configuration or
data changed starts again beside its earlier results. In the end a table says what was done and how good the model is.

  run --config=configs/iris.textproto --run_dir=runs/iris
  run --run_dir=runs/iris                        goes on after an interruption
  run --run_dir=runs/iris train.max_epochs=200   trains on

With --dry_run it says what each stage would do, or why it would refuse, and writes nothing.)";

}  // namespace

int main(int argc, char** argv) {
  return baton::RunMain(argc, argv, kUsage, [](const baton::StageOptions& options) {
    if (absl::GetFlag(FLAGS_dry_run)) {
      ASSIGN_OR_RETURN(const std::string forecast, baton::DryRun(options));
      std::cout << forecast;
      return absl::OkStatus();
    }
    std::string summary;
    const absl::Status status = baton::RunChain(options, baton::ProgramPath(), summary);
    std::cout << summary;
    return status;
  });
}
