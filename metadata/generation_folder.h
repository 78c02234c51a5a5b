#ifndef BATON_METADATA_GENERATION_FOLDER_H_
#define BATON_METADATA_GENERATION_FOLDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"

namespace baton {

// The names in a record's folder, RUN_DIR/metadata, as docs/record.md describes them.

// RUN_DIR/metadata.
std::string MetadataFolder(absl::string_view run_dir);
// No generation gets a higher number: its name has ten digits.
inline constexpr uint64_t kLastGeneration = 9999999999;
// "0000000012.binpb" of 12.
std::string GenerationName(uint64_t number);

// "0000000012.binpb.damaged" of 12: the mark of a number whose file was set aside. As long as it is there, the number
// is taken, and a file under it is no part of the record. No other name is a mark: SetAside() (base/files.h) takes
// another ending only where the mark is there already.
std::string MarkName(uint64_t number);
absl::StatusOr<bool> IsMarked(FileSystem& fs, const std::string& folder, uint64_t number);
// That a file beside its mark counts for nobody, and what to do so that it counts again.
std::string BesideMark(uint64_t number);

struct GenerationFolder {
  struct Range {
    uint64_t first = 0;
    uint64_t last = 0;
  };
  // The numbers, in their order, that have a file and no mark; a mark; both; and neither, though one above has. Numbers
  // are given without holes (generation_follower.cc), so that the last ones were removed.
  std::vector<uint64_t> generations;
  std::vector<uint64_t> marked;
  std::vector<uint64_t> beside_mark;
  std::vector<Range> missing;
  // Names of everything else, by name: what a killed process left, or what does not belong here.
  std::vector<std::string> others;

  // The number that the next generation gets: the first one above all that are taken.
  uint64_t NextNumber() const;
};

// Nothing at all if there is no such folder. Others may commit and set aside meanwhile: the generations are then all
// those up to one that was the newest at some moment of the call.
absl::StatusOr<GenerationFolder> ListGenerations(FileSystem& fs, const std::string& folder);

}  // namespace baton

#endif  // BATON_METADATA_GENERATION_FOLDER_H_
