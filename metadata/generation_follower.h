#ifndef BATON_METADATA_GENERATION_FOLLOWER_H_
#define BATON_METADATA_GENERATION_FOLLOWER_H_

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "metadata/generations.h"

namespace baton {

// Finds the newest generation of one record again and again, at a cost that does not grow with their number: from the
// newest one that it knows it steps forward, by opening the next number, and lists the folder only where that leaves
// something open. generation_follower.cc argues why that finds what listing would. Not thread-safe.
class GenerationFollower {
 public:
  // `folder`: RUN_DIR/metadata. It is listed when the last time is longer ago than `list_every`.
  GenerationFollower(FileSystem& fs, std::string folder,
                     std::chrono::steady_clock::duration list_every = std::chrono::seconds(10))
      : fs_(fs), folder_(std::move(folder)), list_every_(list_every) {}

  // What FindNewestGeneration() finds; `damaged` and `warning` are filled only when the folder was listed. DataLoss
  // also if the record went back since the last call: the generation found then was removed or replaced, and not
  // because it was damaged. What this process knows is then no longer what the folder says, and another call says the
  // same.
  absl::StatusOr<NewestGeneration> Find();

 private:
  // What tells that a file was replaced or written to. Not ctime: it changes with a file's links, and so with every
  // commit's.
  struct Identity {
    dev_t device;
    ino_t inode;
    off_t size;
    int64_t seconds, nanoseconds;  // mtime
    bool operator==(const Identity&) const = default;
  };
  // nullopt if there is no such file.
  absl::StatusOr<std::optional<Identity>> Identify(uint64_t number) const;
  // What a step found: nothing under the next number, or a generation, now known_; or something that a listing must
  // explain.
  enum class Step { kNone, kNext, kUnclear };
  Step TakeStep();
  absl::StatusOr<NewestGeneration> List();
  // OK if `newest` can have become of known_.
  absl::Status CheckContinues(NewestGeneration& newest) const;
  // Whether the known generation is still in the history, or was set aside because its file was damaged since.
  absl::StatusOr<bool> KnownIsThere() const;

  FileSystem& fs_;
  const std::string folder_;
  const std::chrono::steady_clock::duration list_every_;
  // The newest one, without damage and warning, its file, and when the folder was last listed.
  std::optional<NewestGeneration> known_;
  std::optional<Identity> identity_;
  std::chrono::steady_clock::time_point listed_at_;
};

}  // namespace baton

#endif  // BATON_METADATA_GENERATION_FOLLOWER_H_
