#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/command_line.h"
#include "base/files.h"
#include "base/program.h"
#include "base/status_macros.h"
#include "base/usage.h"
#include "pipeline/reproduce/report.h"
#include "pipeline/reproduce/reproduce.h"

ABSL_FLAG(std::string, run_dir, "", "folder of the run");
ABSL_FLAG(std::string, into, "", "folder of the replay; empty: a new one beside the run");
ABSL_FLAG(std::string, raw_file, "", "where the raw file is now; empty: where it was");
ABSL_FLAG(std::string, initial_weights, "",
          "where the weights with which training began are now; empty: where they were");
ABSL_FLAG(std::string, head, "", "seal that the newest generation of the record once had");
ABSL_FLAG(uint32_t, workers, 0, "threads that compute; 0: as many as there are cores");
ABSL_FLAG(std::string, format, "text", "text or json");

namespace {

constexpr char kHelp[] = R"(Does a finished run again, from its record alone, and compares every file bit for bit.

  bazel run //pipeline/reproduce -- --run_dir=runs/iris
  bazel run //pipeline/reproduce -- --run_dir=archive/iris --raw_file=iris.csv --into=/scratch/iris

The record is verified, the digest of the raw file compared with it, and that of the weights with which training began
if it did not draw them, and the configuration taken from it. Then load, train and evaluate run in a new folder, also
where the run was killed, resumed, trained on with more epochs, or changed on its way with --allow_changes. Every file
of the dataset, of the best and the last snapshot and of the evaluation must have the recorded SHA-256. Where one has
not, and the run's own file is still there, the first difference is named: the tensor and the element, the field, the
line or the byte. Whatever is otherwise here than it was in the run (device, CPU, instructions, GPU, libraries,
programs) is named too, whether or not the bits differ. A stage that comes out otherwise ends the replay. Nothing in
RUN_DIR is changed.

Flags:
  --run_dir=FOLDER    the run
  --into=FOLDER       where the replay goes: a new or empty folder, or that of a replay of this run that was stopped,
                      which then goes on. Without it, a new folder RUN_DIR.replay-…, removed if all is equal.
  --raw_file=FILE     where the raw file is now, if it is not where it was
  --initial_weights=FOLDER
                      where the snapshot is now with whose weights training began, if it is not where it was
  --head=DIGEST       the head that the run printed: a record that was rewritten since is found
  --workers=N         threads that compute; 0: as many as there are cores. The bits do not depend on it.
  --format=text|json  a table, or JSON as docs/evidence.md describes it

Exit codes: 0 all is equal; 65 a file differs, or the record, the raw file or the initial weights are damaged or others;
64 usage, or the run is not complete; 66 no record, raw file or initial weights there; 75 interrupted; 78 this program
cannot do what the record says.)";

absl::Status Body(const std::vector<std::string>& arguments) {
  if (!arguments.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", arguments[0], "\" is no flag; see --help"));
  }
  const std::string format = absl::GetFlag(FLAGS_format);
  if (format != "text" && format != "json") {
    return absl::InvalidArgumentError(absl::StrCat("--format is \"", format, "\": expected text or json"));
  }
  if (absl::GetFlag(FLAGS_run_dir).empty()) {
    return absl::InvalidArgumentError("--run_dir is missing: say which run is to be reproduced, e.g. runs/iris");
  }
  const auto path = [](const std::string& given) {
    return given.empty() ? given : baton::AbsolutePath(given, baton::WorkingFolder());
  };
  baton::ReproduceOptions options;
  options.run_dir = path(absl::GetFlag(FLAGS_run_dir));
  options.into = path(absl::GetFlag(FLAGS_into));
  options.raw_file = path(absl::GetFlag(FLAGS_raw_file));
  options.initial_weights = path(absl::GetFlag(FLAGS_initial_weights));
  options.head = absl::GetFlag(FLAGS_head);
  options.workers = absl::GetFlag(FLAGS_workers);
  options.program = baton::ProgramPath();
  ASSIGN_OR_RETURN(const baton::Reproduction reproduction, baton::Reproduce(options));
  std::cout << (format == "json" ? baton::ReproductionJson(reproduction) : baton::ReproductionText(reproduction));
  return reproduction.status();
}

}  // namespace

int main(int argc, char** argv) { return baton::RunProgram(argc, argv, kHelp, Body); }
