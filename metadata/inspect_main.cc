#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "base/command_line.h"
#include "base/file_system.h"
#include "base/program.h"
#include "metadata/inspect.h"

ABSL_FLAG(std::string, format, "text", "text or json");
ABSL_FLAG(uint64_t, generation, 0, "generation to show; 0: the newest");
ABSL_FLAG(std::string, head, "", "seal that the newest generation once had");

namespace {

constexpr char kHelp[] = R"(Reads the record of a run: what went in, what came out, who made it, where and when.

  inspect show RUN_DIR [--generation=N]
      Shows the newest generation of the record, or generation N. Sections that were made from something else than
      what the record now holds are marked STALE.

  inspect verify RUN_DIR [--head=DIGEST]
      Checks every generation: its seal, its number, and that it follows the one before it. Prints a line for each
      thing found and a closing line. DIGEST is the head that a run or an earlier verify printed; with it, a history
      whose end was cut off or rewritten is found as well.

  --format=text|json
      json has the names of metadata/metadata.proto's fields; docs/record.md describes it.

Nothing in RUN_DIR is changed. Results go to stdout, messages to stderr.
Exit codes: 0 fine, 64 usage, 65 damaged or not whole, 66 no record there, 74 cannot be read.

  inspect show runs/iris --format=json | jq .evaluate.holdout_performance.accuracy
)";

absl::Status Body(const std::vector<std::string>& arguments) {
  baton::InspectOptions options;
  options.arguments = arguments;
  options.format = absl::GetFlag(FLAGS_format);
  options.generation = absl::GetFlag(FLAGS_generation);
  options.head = absl::GetFlag(FLAGS_head);
  options.working_folder = baton::WorkingFolder();
  std::string output;
  const absl::Status status = baton::Inspect(baton::FileSystem::Posix(), options, output);
  std::cout << output;
  return status;
}

}  // namespace

int main(int argc, char** argv) { return baton::RunProgram(argc, argv, kHelp, Body); }
