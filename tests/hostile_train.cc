// The train program for tests of crashes. It is //pipeline/train, but for three things that the environment asks for:
//   BATON_KILL_AT=K           it kills itself with SIGKILL at its K-th call that changes a file, in the middle of it
//                             where that is a write
//   BATON_STOP_AT_STEP=N      training stops at this step as at a signal
//   BATON_DO_NOT_RESTORE=WHAT after a snapshot was loaded, this part of the State is as it was at the very beginning:
//                             the control by which a test shows that it would notice
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "base/faulty_file_system.h"
#include "pipeline/command_line.h"
#include "pipeline/train/train_stage.h"
#include "state/state.h"

namespace baton {
namespace {

void Forget(absl::string_view what, State& state) {
  if (what == "moments") {
    for (auto& [slot, tensors] : state.optimizer) tensors.flat().zero_();
  } else if (what == "step") {
    state.progress.set_step_index(0);
  } else if (what == "epoch_sums") {
    state.progress.set_epoch_loss_sum(0);
    state.progress.set_epoch_weight_sum(0);
  } else if (what == "data_position") {
    state.progress.set_train_batch_index(0);
  }
}

absl::Status Train(const StageOptions& options) {
  FaultyFileSystem fs;
  int kill_at;
  if (const char* text = std::getenv("BATON_KILL_AT"); text != nullptr && absl::SimpleAtoi(text, &kill_at)) {
    fs.Inject({.operations = {FileOperation::kOpen, FileOperation::kWrite, FileOperation::kSync, FileOperation::kRename,
                              FileOperation::kRenameExclusive, FileOperation::kLink, FileOperation::kUnlink,
                              FileOperation::kMakeDirectory, FileOperation::kRemoveDirectory},
               .at = kill_at,
               .effect = Fault::Effect::kKilled});
  }
  TrainHooks hooks;
  if (const char* text = std::getenv("BATON_STOP_AT_STEP"); text != nullptr) {
    if (!absl::SimpleAtoi(text, &hooks.stop_at_step)) return absl::InvalidArgumentError("BATON_STOP_AT_STEP");
  }
  if (const char* what = std::getenv("BATON_DO_NOT_RESTORE"); what != nullptr) {
    hooks.after_restore = [what](State& state) { Forget(what, state); };
  }
  StageOptions hostile = options;
  hostile.fs = &fs;
  return RunTrain(hostile, hooks);
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) {
  return baton::RunMain(argc, argv, "The train stage, for tests of crashes.", baton::Train);
}
