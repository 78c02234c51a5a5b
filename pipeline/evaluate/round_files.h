#ifndef BATON_PIPELINE_EVALUATE_ROUND_FILES_H_
#define BATON_PIPELINE_EVALUATE_ROUND_FILES_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/file_system.h"
#include "pipeline/evaluate/round.pb.h"

namespace baton {

// The files of finished bootstrap rounds: FOLDER/round-000017.binpb, each sealed.
class RoundFiles {
 public:
  // `key` names what the rounds depend on, `rows` how many predictions each has. The folder may not be there yet.
  RoundFiles(FileSystem& fs, std::string folder, std::string key, int64_t rows)
      : fs_(fs), folder_(std::move(folder)), key_(std::move(key)), rows_(rows) {}

  // The round, or nothing where it has no file. A file that is damaged, or is another round's, is reported and set
  // aside, and then there is none.
  absl::StatusOr<std::optional<BootstrapRound>> Read(uint32_t round);
  // Writes the round's file, durably. Sets key, version and seal.
  absl::Status Write(BootstrapRound round);
  // The folder, durably there; what a process that was killed left half written is removed.
  absl::Status Prepare();

 private:
  std::string PathOf(uint32_t round) const;
  absl::Status Check(const BootstrapRound& found, uint32_t round, const std::string& path) const;

  FileSystem& fs_;
  const std::string folder_;
  const std::string key_;
  const int64_t rows_;
};

// Writes rounds on a thread of its own, in the order in which they were added, so that no core waits for the disk.
// Thread-safe.
class RoundWriter {
 public:
  // `files` must outlive it, and nobody else uses it meanwhile. Throws std::system_error if there are no more threads.
  explicit RoundWriter(RoundFiles& files);
  // Waits until all that was added is written.
  ~RoundWriter();
  RoundWriter(const RoundWriter&) = delete;
  RoundWriter& operator=(const RoundWriter&) = delete;

  // The first error of a write that failed before; the round is then not written.
  absl::Status Add(BootstrapRound round) ABSL_LOCKS_EXCLUDED(mutex_);
  // OK when all that was added is durable, else the first error.
  absl::Status Finish() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Loop() ABSL_LOCKS_EXCLUDED(mutex_);

  RoundFiles& files_;
  absl::Mutex mutex_;
  std::deque<BootstrapRound> waiting_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // last: it uses the others
};

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_ROUND_FILES_H_
