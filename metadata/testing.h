#ifndef BATON_METADATA_TESTING_H_
#define BATON_METADATA_TESTING_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "base/file_system.h"
#include "metadata/store.h"

namespace baton {

// The file system without fsync, for tests that commit often.
class UnsyncedFileSystem : public FileSystem {
 public:
  int Sync(int) override { return 0; }
};

// A run directory of its own, empty.
std::string NewRunDir();

// The store of a run called iris.
std::unique_ptr<MetadataStore> OpenRecord(FileSystem& fs, const std::string& run_dir);
// Commits load.raw_file_size.
absl::Status CommitSize(MetadataStore& store, uint64_t size);
// A record with `generations` generations: load.raw_file_size is the number of each.
void MakeRecord(const std::string& run_dir, int generations);

// RUN_DIR/metadata/NNNNNNNNNN.binpb.
std::string GenerationPath(const std::string& run_dir, uint64_t number);
// Names of all files in RUN_DIR/metadata.
std::set<std::string> RecordFiles(const std::string& run_dir);

std::string ReadAll(const std::string& path);
void WriteAll(const std::string& path, const std::string& bytes);
// Exchanges the lowest bit of the byte at `offset`.
void FlipByte(const std::string& path, size_t offset);

}  // namespace baton

#endif  // BATON_METADATA_TESTING_H_
