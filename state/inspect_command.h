#ifndef BATON_STATE_INSPECT_COMMAND_H_
#define BATON_STATE_INSPECT_COMMAND_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"
#include "google/protobuf/message.h"
#include "state/find_snapshot.h"

namespace baton {

// What `inspect` can be told.
struct InspectSnapshotOptions {
  // The command and what follows it: {"show", "runs/iris"}.
  std::vector<std::string> arguments = {};
  std::string format = "text";  // or "json"
  // Folder that relative paths are relative to.
  std::string working_folder = "";
  // Which of several train keys a run directory means; null: none is known.
  TrainKeyOf train_key_of = nullptr;
  // list: look at the index of each snapshot alone.
  bool fast = false;
  // prune: remove, and do not only say what would be removed.
  bool yes = false;
  // prune: the policy, where it is not to be that of the run's configuration.
  std::optional<uint64_t> keep_last = std::nullopt;
  std::optional<uint64_t> keep_best = std::nullopt;
  std::optional<uint64_t> keep_every_steps = std::nullopt;
};

struct InspectSnapshotAnswer {
  // For stdout.
  std::string text;
  // Of a command that did what it was asked to: 1 where `diff` found a difference.
  int exit_code = 0;
};

// One command of `inspect`, each in a file of its own.
struct SnapshotCommand {
  std::string name;
  // What is written behind the name, and how many arguments that is.
  std::string usage;
  size_t arguments = 1;
  // Flags besides --format that it understands.
  std::set<std::string> flags = {};
  // What it does, for --help: lines without an indent.
  std::string help;
  // Appends to answer.text, in options.format, which was checked like the number of arguments and the flags; also where
  // it returns an error, if it found something to say.
  absl::Status (*run)(FileSystem& fs, const InspectSnapshotOptions& options, InspectSnapshotAnswer& answer) = nullptr;
};

SnapshotCommand ListSnapshotsCommand();
SnapshotCommand ShowSnapshotCommand();
SnapshotCommand DiffSnapshotsCommand();
SnapshotCommand VerifySnapshotsCommand();

// Appends `message` as JSON or `text`, as options.format says.
absl::Status Answer(const InspectSnapshotOptions& options, const google::protobuf::Message& message,
                    absl::string_view text, InspectSnapshotAnswer& answer);

}  // namespace baton

#endif  // BATON_STATE_INSPECT_COMMAND_H_
