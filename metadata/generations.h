#ifndef BATON_METADATA_GENERATIONS_H_
#define BATON_METADATA_GENERATIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"
#include "metadata/metadata.pb.h"

namespace baton {

// The generations of a record, read only: the files RUN_DIR/metadata/NNNNNNNNNN.binpb (metadata/generation_folder.h).

// Of the generations that this program writes, and the newest that it reads.
inline constexpr uint32_t kRecordFormatVersion = 1;

// Reads the file `name` in `folder` and checks its seal and its format, not that it says the number of its name.
// DataLoss if it is damaged; NotFound if it is not there; FailedPrecondition if a newer program wrote it; other errors
// if it cannot be read now.
absl::StatusOr<Metadata> ReadSealed(FileSystem& fs, const std::string& folder, const std::string& name);
// The same of the file of `number`. NotFound, too, if its number is marked after it was read: whoever sees no mark then
// has read the number's first file (generation_follower.cc).
absl::StatusOr<Metadata> ReadUnmarked(FileSystem& fs, const std::string& folder, uint64_t number);
// The same; DataLoss also if it says another number than its name.
absl::StatusOr<Metadata> ReadGeneration(FileSystem& fs, const std::string& folder, uint64_t number);

// What `look` finds in a record that others commit to. While it answers NotFound it is called again, ten times at most:
// a file that it had listed may have been set aside before it was read.
template <typename Look>
auto LookWhileOthersCommit(Look look) {
  constexpr int kTries = 10;
  auto found = look();
  for (int i = 1; i < kTries && absl::IsNotFound(found.status()); ++i) found = look();
  return found;
}

// How a generation stands to the nearest one below it that is there.
enum class Link {
  kFollows,   // it says its seal
  kMissing,   // it says another one, and numbers between the two are not there
  kMismatch,  // it says another one, though nothing is between: one of the two was replaced
};
// `predecessor` is null if there is none below.
Link CheckLink(const Metadata& generation, const Metadata* predecessor);

// The newest generation that verifies, and what is wrong with the files above and below it.
struct NewestGeneration {
  // Without `generation` if the record was not begun yet.
  Metadata record;
  uint64_t next_number = 1;
  struct Damage {
    std::string name;
    std::string message;
  };
  // Those above it, newest first.
  std::vector<Damage> damaged;
  // Not empty if those below it are damaged or missing, which harms the history, not the record, or if one above it
  // stands beside its mark.
  std::string warning;
};

// Changes nothing. DataLoss, saying what to do, if there are generations, set aside ones included, and none verifies.
absl::StatusOr<NewestGeneration> FindNewestGeneration(FileSystem& fs, const std::string& folder);

}  // namespace baton

#endif  // BATON_METADATA_GENERATIONS_H_
