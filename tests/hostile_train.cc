// The train program for tests of crashes. It is //pipeline/train, but that with BATON_KILL_AT=K in its environment it
// kills itself with SIGKILL at its K-th call that changes a file, in the middle of it where that is a write.
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "base/testing/faulty_file_system.h"
#include "pipeline/config/command_line.h"
#include "pipeline/train/train_stage.h"

namespace baton {
namespace {

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
  StageOptions hostile = options;
  hostile.fs = &fs;
  return RunTrain(hostile);
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) {
  return baton::RunMain(argc, argv, "The train stage, for tests of crashes.", baton::Train);
}
