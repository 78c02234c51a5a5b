#ifndef BATON_METADATA_RECORD_ARGUMENT_H_
#define BATON_METADATA_RECORD_ARGUMENT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"
#include "metadata/metadata.pb.h"

namespace baton {

// A generation of a record as people name it on a command line: RUN_DIR, its newest, or RUN_DIR@GENERATION.
struct RecordArgument {
  std::string run_dir;
  uint64_t generation = 0;  // 0: the newest
};

// "runs/iris@12" is generation 12 of runs/iris; with a slash behind it, it is a folder of that name. A relative path is
// relative to `working_folder`. InvalidArgument if the path is empty or the number is 0 or too large.
absl::StatusOr<RecordArgument> ParseRecordArgument(absl::string_view argument, absl::string_view working_folder);

// Reads it and checks its seal. For the newest, damaged files are reported and passed over; nothing is set aside.
// NotFound if it is not there.
absl::StatusOr<Metadata> ReadRecord(FileSystem& fs, const RecordArgument& argument);

}  // namespace baton

#endif  // BATON_METADATA_RECORD_ARGUMENT_H_
