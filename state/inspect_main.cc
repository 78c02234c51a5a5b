#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "base/command_line.h"
#include "base/program.h"
#include "pipeline/plan/recorded_key.h"
#include "pipeline/prune/prune_command.h"
#include "state/inspect.h"

ABSL_FLAG(std::string, format, "text", "text or json");
ABSL_FLAG(bool, fast, false, "list: verify the index of each snapshot alone");
ABSL_FLAG(bool, yes, false, "prune: remove");
ABSL_FLAG(std::optional<uint64_t>, keep_last, std::nullopt, "prune: how many of the newest stay");
ABSL_FLAG(std::optional<uint64_t>, keep_best, std::nullopt, "prune: how many of the best epochs stay");
ABSL_FLAG(std::optional<uint64_t>, keep_every_steps, std::nullopt, "prune: those of every so many steps stay");

namespace {

std::vector<baton::SnapshotCommand> Commands() {
  std::vector<baton::SnapshotCommand> commands = baton::ReadingCommands();
  commands.push_back(baton::PruneCommand());
  return commands;
}

}  // namespace

int main(int argc, char** argv) {
  baton::InspectSnapshotAnswer answer;
  const int exit_code = baton::RunProgram(
      argc, argv, baton::InspectSnapshotsHelp(Commands()), [&](const std::vector<std::string>& arguments) {
        baton::InspectSnapshotOptions options;
        options.arguments = arguments;
        options.format = absl::GetFlag(FLAGS_format);
        options.working_folder = baton::WorkingFolder();
        options.train_key_of = baton::RecordedTrainKey;
        options.fast = absl::GetFlag(FLAGS_fast);
        options.yes = absl::GetFlag(FLAGS_yes);
        options.keep_last = absl::GetFlag(FLAGS_keep_last);
        options.keep_best = absl::GetFlag(FLAGS_keep_best);
        options.keep_every_steps = absl::GetFlag(FLAGS_keep_every_steps);
        const absl::Status status = baton::InspectSnapshots(baton::FileSystem::Posix(), Commands(), options, answer);
        std::cout << answer.text;
        return status;
      });
  return exit_code == 0 ? answer.exit_code : exit_code;
}
