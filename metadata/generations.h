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

// The files of a record, read only: RUN_DIR/metadata/NNNNNNNNNN.binpb, as docs/record.md describes them.

// Of the generations that this program writes, and the newest that it reads.
inline constexpr uint32_t kRecordFormatVersion = 1;

// RUN_DIR/metadata.
std::string MetadataFolder(absl::string_view run_dir);
// "0000000012.binpb" of 12.
std::string GenerationName(uint64_t number);
// "0000000012.binpb.damaged" of 12: the mark of a number whose file was set aside. (Should it be set aside again, after
// somebody put it back, that file gets another ending, and the mark is still there.)
std::string SetAsideName(uint64_t number);

struct GenerationFile {
  uint64_t number = 0;
  std::string name;
};

struct GenerationFolder {
  // By number, each there once.
  std::vector<GenerationFile> generations;
  // Set aside because they were damaged: "0000000012.binpb.damaged". By name.
  std::vector<GenerationFile> set_aside;
  // Under the number of one that was set aside, and so no part of the record: generation_follower.cc says why. By name.
  std::vector<GenerationFile> reused;
  // Names of everything else, by name: what a killed process left, or what does not belong here.
  std::vector<std::string> others;

  // The number that the next generation gets: the first one above all that are, or were, taken.
  uint64_t NextNumber() const;
};

// Nothing at all if there is no such folder.
absl::StatusOr<GenerationFolder> ListGenerations(FileSystem& fs, const std::string& folder);

// Reads the file `name` in `folder` and checks its seal and its format, not that it says the number of its name.
// DataLoss if it is damaged; the other errors of ReadGeneration().
absl::StatusOr<Metadata> ReadSealed(FileSystem& fs, const std::string& folder, const std::string& name);

// Reads the generation `number` from the file `name` in `folder` and checks its seal, that it says its number, and its
// format. DataLoss if it is damaged; NotFound if it is not there; FailedPrecondition if a newer program wrote it; other
// errors if it cannot be read now.
absl::StatusOr<Metadata> ReadGeneration(FileSystem& fs, const std::string& folder, const GenerationFile& file);

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
  // Not empty if those below it are damaged or missing, which harms the history, not the record.
  std::string warning;
};

// Changes nothing. DataLoss, saying what to do, if there are generations, set aside ones included, and none verifies.
absl::StatusOr<NewestGeneration> FindNewestGeneration(FileSystem& fs, const std::string& folder);

}  // namespace baton

#endif  // BATON_METADATA_GENERATIONS_H_
