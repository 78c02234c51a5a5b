#ifndef BATON_TESTS_PIPELINE_HARNESS_H_
#define BATON_TESTS_PIPELINE_HARNESS_H_

#include <signal.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "metadata/metadata.pb.h"

namespace baton {

// Runs Baton's programs as a user does: as processes, on files, in folders below TEST_TMPDIR.

// How a process ended and what it said.
struct ProcessResult {
  // What it returned; 128 + signal if a signal ended it, as in a shell.
  int exit_code = 0;
  std::string out = {};
  std::string err = {};
};

struct ProcessOptions {
  // Added to the environment of the test.
  std::map<std::string, std::string> environment = {};
  // Looked at every few milliseconds, with what the process has written to stderr so far: when it is true, `signal` is
  // sent to the process, once.
  std::function<bool(const std::string& err)> signal_when = nullptr;
  int signal = SIGTERM;
  // The process and its children are killed after it, and the test fails.
  double timeout_seconds = 120;
};

// Runs the program to its end, in a process group of its own, with an empty stdin. Permissions of files bind it even if
// the test is run by root.
ProcessResult RunProcess(const std::vector<std::string>& command, const ProcessOptions& options = {});

// The built binary: "//pipeline/train:train" is Binary("pipeline/train/train"). It must be among the test's data.
std::string Binary(const std::string& path);

// A table of four numeric columns, "x1" to "x4", and the label "kind", "left" or "right": which side of a plane the
// point is on, wrong for one row in twenty. Any two rows differ. A pure function of its arguments.
std::string TableText(int rows, uint64_t seed = 0);

// Everything in a folder that nobody is writing to, by path relative to it: each file's content and time of change.
// What changed between two listings, as lines "new PATH", "gone PATH", "rewritten PATH"; what is below a path in
// `ignored` is left out.
struct FileState {
  bool is_folder = false;
  std::string contents;
  int64_t modified_nanoseconds = 0;
};
using FolderState = std::map<std::string, FileState>;
FolderState StateOf(const std::string& folder);
std::vector<std::string> Differences(const FolderState& before, const FolderState& after,
                                     const std::vector<std::string>& ignored = {});

// A pipeline in a folder of its own below TEST_TMPDIR: table.csv, config.textproto, and the run directory run/.
class PipelineFolder {
 public:
  // Removes what is there, and makes it with TableText(120) and a configuration that trains a small MLP with dropout on
  // it for 4 epochs, in 2 micro-batches, with a snapshot every 3 steps. Arguments of Run() override that.
  explicit PipelineFolder(const std::string& name);

  std::string table() const { return folder_ + "/table.csv"; }
  std::string config() const { return folder_ + "/config.textproto"; }
  std::string run_dir() const { return folder_ + "/run"; }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  // Runs "load", "train", "evaluate" or "run" with --config, --run_dir and `arguments`.
  ProcessResult Run(const std::string& program, const std::vector<std::string>& arguments = {},
                    const ProcessOptions& options = {}) const;
  // The newest generation of the record.
  Metadata Record() const;
  // Whether training has left a snapshot. May be asked while it is at work.
  bool HasSnapshot() const;

 private:
  const std::string folder_;
};

// An empty file system of this size at `path`, until it is unmounted. False if that is not allowed here. Call before
// any thread is started.
bool MountDisk(const std::string& path, int64_t bytes);
void ResizeDisk(const std::string& path, int64_t bytes);
void UnmountDisk(const std::string& path);

std::string ReadText(const std::string& path);
void WriteText(const std::string& path, const std::string& text);

}  // namespace baton

#endif  // BATON_TESTS_PIPELINE_HARNESS_H_
