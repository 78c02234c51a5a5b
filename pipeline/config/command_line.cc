#include "pipeline/config/command_line.h"

#include <sys/stat.h>

#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/command_line.h"
#include "base/files.h"
#include "base/program.h"

// Names that glog's flags do not have: both would be the variable FLAGS_name.
ABSL_FLAG(std::string, run_dir, "", "folder of the run");
ABSL_FLAG(std::string, config, "", "configuration file");
ABSL_FLAG(std::vector<std::string>, allow_changes, {}, "fields that may change in the middle of training");
ABSL_FLAG(bool, start_over, false, "abandon unfinished work whose configuration or data changed");

namespace baton {
namespace {

constexpr absl::string_view kCommonHelp = R"(

Flags:
  --run_dir=FOLDER   the run: all that is read and written is in it. Made if it is not there.
  --config=FILE      the configuration of a whole pipeline (pipeline/config/config.proto says what it can hold, configs/ has
                     examples). Needed the first time; afterwards the run directory has it.
  --start_over       if this stage was not finished and its configuration or data changed since: leave that work where
                     it is, and begin again. Finished results are never overwritten, and what this configuration had
                     left before, intact, is used again: its bits are the same.
  --allow_changes=NAME,...
                     training goes on from its newest snapshot although what is named here changed; without it, that is
                     refused while it is unfinished. NAME is a field or a message of fields, as in
                     train.optimizer.learning_rate or train.schedule. The record keeps what changed from which step
                     on. The data, the seed, the model, the loss and the initial weights cannot change so: begin a
                     training with the weights of this one (docs/fine_tuning.md). It has no effect where nothing
                     changed, and on other stages.
  --help             this text

Arguments of the form path=value set single fields of the configuration, and stay set in this run directory:
  train.max_epochs=20  load.raw_filepath=other.csv  train.model.mlp.hidden_sizes=[64,32]  train.optimizer.sgd={}
Giving --config again replaces the whole configuration, and with it what such arguments had set before.

Relative paths are relative to where you stand; those in a configuration file to that file's folder.

Exit codes: 0 done, 64 usage or configuration, 65 bad data, 66 missing input, 69 locked by another process, 70 internal,
71 out of memory or threads, 74 I/O, 75 interrupted (the same command goes on), 76 training diverged, 78 environment
refused.)";

absl::StatusOr<StageOptions> OptionsOf(const std::vector<std::string>& arguments) {
  StageOptions options;
  options.working_folder = WorkingFolder();
  for (const std::string& argument : arguments) {
    if (absl::StrContains(argument, '=')) continue;
    const std::string meant = absl::EndsWith(argument, ".textproto") ? absl::StrCat("--config=", argument)
                                                                     : "path=value, e.g. train.max_epochs=20";
    return absl::InvalidArgumentError(
        absl::StrCat("\"", argument, "\" is neither a flag nor an override; did you mean ", meant, "? See --help"));
  }
  options.overrides = arguments;
  const std::string run_dir = absl::GetFlag(FLAGS_run_dir);
  if (run_dir.empty()) {
    return absl::InvalidArgumentError(
        "--run_dir is missing: say which folder holds the run, e.g. --run_dir=runs/iris (it is made if it is not "
        "there); see --help");
  }
  options.run_dir = AbsolutePath(run_dir, options.working_folder);
  struct stat found;
  if (options.fs->Stat(options.run_dir, &found) == 0 && !S_ISDIR(found.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--run_dir is ", options.run_dir, ", which is no folder: say which folder holds the run"));
  }
  const std::string config = absl::GetFlag(FLAGS_config);
  if (!config.empty()) options.config_path = AbsolutePath(config, options.working_folder);
  options.start_over = absl::GetFlag(FLAGS_start_over);
  options.allow_changes = absl::GetFlag(FLAGS_allow_changes);
  if (options.start_over && !options.allow_changes.empty()) {
    return absl::InvalidArgumentError("--start_over begins again and --allow_changes goes on: give only one of them");
  }
  return options;
}

}  // namespace

int RunMain(int argc, char** argv, absl::string_view usage,
            const std::function<absl::Status(const StageOptions& options)>& stage) {
  const std::string help = absl::StrCat(absl::StripSuffix(usage, "\n"), kCommonHelp);
  return RunProgram(argc, argv, help, [&stage](const std::vector<std::string>& arguments) {
    const absl::StatusOr<StageOptions> options = OptionsOf(arguments);
    return options.ok() ? stage(*options) : options.status();
  });
}

}  // namespace baton
