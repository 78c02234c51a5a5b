#ifndef BATON_METADATA_STORE_H_
#define BATON_METADATA_STORE_H_

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/file_system.h"
#include "metadata/generation_follower.h"
#include "metadata/metadata.pb.h"
#include "metadata/ownership.h"

namespace baton {

// The record of one run: RUN_DIR/metadata/NNNNNNNNNN.binpb, of which the newest is the record (docs/record.md).
//
// A commit never changes a file. It writes the next generation under a temporary name and gives it its number with an
// operation that fails if somebody else took that number, in which case it starts again from theirs. So of any number
// of threads and processes that commit at once, none loses an update, and each generation holds its predecessor's
// seal. A stage changes the record through its SectionWriter.
//
// Thread-safe. Any number of processes may use the same record. Readers take no lock that a commit holds while it
// writes, in this process and in others: they read what is there.
class MetadataStore {
 public:
  // `run_name` (the run directory's name if it is empty) and `parent` go into the record when its first generation is
  // committed; later ones are ignored. Creates no file. What is there is made durable. The errors of Read().
  static absl::StatusOr<std::unique_ptr<MetadataStore>> Open(FileSystem& fs, absl::string_view run_dir,
                                                             absl::string_view run_name,
                                                             std::optional<ParentRun> parent = std::nullopt);

  // A copy of the newest generation that verifies; a message without `generation` if none was committed yet. Newer ones
  // that are damaged are reported and set aside; if that is refused (a read-only folder), reported only. DataLoss if
  // there are generations and none verifies, or if the one that was read before was removed or replaced meanwhile.
  absl::StatusOr<Metadata> Read() ABSL_LOCKS_EXCLUDED(mutex_);

  // Commits what `apply` makes of a copy of the newest generation, durably; nothing if the sections stay the same. May
  // call `apply` several times, each time with a fresh copy. An error of `apply` ends the commit. Internal if it
  // changed something that is not the owner's, InvalidArgument if it set a text that is no UTF-8. On error the record
  // is as it was; only if what follows link() failed (the folder's fsync) may the new generation be there.
  absl::Status Commit(SectionOwner owner, absl::FunctionRef<absl::Status(Metadata&)> apply)
      ABSL_LOCKS_EXCLUDED(commit_mutex_, mutex_);

  FileSystem& fs() const { return fs_; }
  const std::string& run_dir() const { return run_dir_; }

 private:
  MetadataStore(FileSystem& fs, absl::string_view run_dir, RunSection identity);
  // Reports and sets aside what is damaged.
  absl::StatusOr<NewestGeneration> FindNewest() ABSL_LOCKS_EXCLUDED(mutex_);
  // AlreadyExists if another process took the number.
  absl::Status WriteGeneration(SectionOwner owner, uint64_t number, const Metadata& before, Metadata after);

  // Constant after construction.
  FileSystem& fs_;
  const std::string run_dir_;
  const std::string folder_;
  const RunSection identity_;

  // Held during a commit, so that the threads of a process wait for each other instead of racing.
  absl::Mutex commit_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  absl::Mutex mutex_;
  GenerationFollower follower_ ABSL_GUARDED_BY(mutex_);
  // Each problem is reported once.
  std::set<std::string> reported_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baton

#endif  // BATON_METADATA_STORE_H_
