#ifndef BATON_PIPELINE_RUN_CHILD_PROCESS_H_
#define BATON_PIPELINE_RUN_CHILD_PROCESS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace baton {

// How a child process ended.
struct ChildEnd {
  // What it returned; meaningless if a signal ended it.
  int exit_code = 0;
  // The signal that ended it; 0 if it exited by itself.
  int signal = 0;
  // Whether a SIGTERM or SIGINT came to this process while the child ran. It was forwarded.
  bool stop_forwarded = false;
};

// Runs `command` (the program's path first) to its end, with this process's stdout, stderr, environment and current
// folder, and /dev/null as stdin.
//
// The child has a process group of its own, so that a Ctrl-C on the terminal comes to this process alone. Every SIGTERM
// and SIGINT that this process gets meanwhile goes to the child's group, once, and does nothing else here: neither
// handlers nor default actions run. Ctrl-Z and `fg` stop and continue both. If this process dies, the kernel kills
// the child, so that no orphan holds the locks against the next run: a stage can be killed at any moment.
//
// Call from the main thread of a process with no other threads. NotFound if there is no such program, Cancelled if
// StopRequested() already; another error if it cannot be started.
absl::StatusOr<ChildEnd> RunChild(const std::vector<std::string>& command);

}  // namespace baton

#endif  // BATON_PIPELINE_RUN_CHILD_PROCESS_H_
