#ifndef BATON_PIPELINE_REPRODUCE_REPRODUCE_H_
#define BATON_PIPELINE_REPRODUCE_REPRODUCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "pipeline/reproduce/comparison.h"

namespace baton {

struct ReproduceOptions {
  // Not owned.
  FileSystem* fs = &FileSystem::Posix();
  // Of the run, absolute. Nothing in it is changed.
  std::string run_dir;
  // Where the replay goes, absolute; empty: a new folder beside run_dir, which is removed if all is equal.
  std::string into;
  // Absolute; empty: where the record says that it was.
  std::string raw_file;
  // A snapshot or run directory, absolute; empty: the snapshot of which the record says that training began with it.
  std::string initial_weights;
  // If not empty: a seal that the record's newest generation once had.
  std::string head;
  // Of training and evaluation; 0: as many as there are cores. No result depends on it.
  uint32_t workers = 0;
  // This program's own file, beside which the stages' are.
  std::string program;
};

// What came of it.
struct Reproduction {
  std::string run_id;
  std::string head;
  // The replay's folder, and whether it is still there.
  std::string into;
  bool kept = false;
  // In the order of the stages and of the record.
  std::vector<Product> products;
  std::vector<EnvironmentDeviation> deviations;

  // OK if every product is there again, else DataLoss that names the first that is not and the place.
  absl::Status status() const;
};

// Replays a finished run from its record (docs/evidence.md): load, train and evaluate, as child processes, each with
// the configuration that the record has; and compares every file that it names. A stage that comes out otherwise ends
// the replay. The errors are those that keep it from being replayed at all: the record is damaged (DataLoss), the raw
// file or the initial weights are others (DataLoss) or not there (NotFound), a stage is not complete (InvalidArgument),
// this program is another one (FailedPrecondition), or a stage failed (its own error).
absl::StatusOr<Reproduction> Reproduce(const ReproduceOptions& options);

}  // namespace baton

#endif  // BATON_PIPELINE_REPRODUCE_REPRODUCE_H_
