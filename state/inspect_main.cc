#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "base/command_line.h"
#include "base/program.h"
#include "state/inspect.h"

ABSL_FLAG(std::string, format, "text", "text or json");

namespace {

constexpr char kHelp[] = R"(Shows what a snapshot of training holds, after verifying every byte of it.

  inspect show SNAPSHOT
      Of a snapshot's folder, e.g. runs/iris/train/0123456789abcdef/step-000000001200: counters, losses, and each tensor
      with its shape, mean, standard deviation, norm and count of NaN.

  inspect show RUN_DIR
      Of a run directory, or of a folder of snapshots: the highest step. Of several train keys that one whose newest
      snapshot was written last.

  --format=text|json
      json is the snapshot's index, with the names of state/state.proto's fields; docs/snapshot.md describes it.

Nothing is changed: a damaged snapshot is reported and stays where it is. Results go to stdout, messages to stderr.
Exit codes: 0 fine, 64 usage, 65 damaged, 66 no snapshot there or a file of it is missing, 74 cannot be read.

  inspect show runs/iris --format=json | jq '.progress.history[-1].validation_loss'
)";

absl::Status Body(const std::vector<std::string>& arguments) {
  baton::InspectSnapshotOptions options;
  options.arguments = arguments;
  options.format = absl::GetFlag(FLAGS_format);
  options.working_folder = baton::WorkingFolder();
  std::string output;
  const absl::Status status = baton::InspectSnapshot(baton::FileSystem::Posix(), options, output);
  std::cout << output;
  return status;
}

}  // namespace

int main(int argc, char** argv) { return baton::RunProgram(argc, argv, kHelp, Body); }
