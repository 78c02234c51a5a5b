#ifndef BATON_METADATA_INSPECT_H_
#define BATON_METADATA_INSPECT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/file_system.h"

namespace baton {

// What `inspect` can be told.
struct InspectOptions {
  // The command and the run directory: {"show", "runs/iris"}.
  std::vector<std::string> arguments;
  std::string format = "text";  // or "json"
  uint64_t generation = 0;      // 0: the newest
  std::string head;
  // Folder that a relative run directory is relative to.
  std::string working_folder;
};

// Appends to `output` what the command answers. DataLoss from "verify" if the history is not whole: `output` then says
// why. Changes nothing in the run directory.
absl::Status Inspect(FileSystem& fs, const InspectOptions& options, std::string& output);

}  // namespace baton

#endif  // BATON_METADATA_INSPECT_H_
