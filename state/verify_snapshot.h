#ifndef BATON_STATE_VERIFY_SNAPSHOT_H_
#define BATON_STATE_VERIFY_SNAPSHOT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "state/inspect.pb.h"

namespace baton {

// Everything in the snapshot in the folder `path` that is not as it was written, rather than the first such thing that
// LoadSnapshot finds: the index against its seal, each file that it lists against size and digests, each tensor against
// its own. Reads every byte once, in little memory and without libtorch, and calls `on_bytes` with the number of bytes
// read since the last call. Empty if all is well. What the machine did not let it read is an error;
// FailedPrecondition if the snapshot is of a format that this program does not read.
absl::StatusOr<std::vector<SnapshotDamage>> VerifySnapshot(FileSystem& fs, const std::string& path,
                                                           const std::function<void(uint64_t)>& on_bytes);

}  // namespace baton

#endif  // BATON_STATE_VERIFY_SNAPSHOT_H_
