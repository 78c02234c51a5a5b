#ifndef BATON_METADATA_SECTION_WRITER_H_
#define BATON_METADATA_SECTION_WRITER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/key.h"
#include "metadata/attempt.h"
#include "metadata/metadata.pb.h"
#include "metadata/store.h"

namespace baton {

// A stage's access to the record: SectionWriter<LoadSection>, <TrainSection> or <EvaluateSection>, by which it can
// change its own section and nothing else. Every function that changes something commits it before it returns.
//
// The life of a stage: construct the writer first thing, since the attempt's time and usage count from then on; find
// the key; BeginAttempt(); Update() as results become durable; FinishAttempt(). From BeginAttempt() on, every commit
// also measures the attempt's usage, and is refused with Unavailable if another process has begun a newer attempt: the
// last defence where a file system's locks do not work.
//
// Thread-safe. `store` must outlive it.
template <typename Section>
class SectionWriter {
 public:
  explicit SectionWriter(MetadataStore& store) : store_(store) {}
  SectionWriter(const SectionWriter&) = delete;
  SectionWriter& operator=(const SectionWriter&) = delete;

  // Commits what `edit` makes of the section; nothing if it changes nothing. `edit` may be called several times, each
  // time with a fresh copy, and leaves `stage` alone.
  absl::Status Update(const std::function<void(Section&)>& edit) ABSL_LOCKS_EXCLUDED(mutex_);

  // Begins an attempt: status RUNNING, no error. If the section stands under the same key, the attempt is added to the
  // others and the rest stays as it is; else the section is cleared first (what it held stays in older generations).
  // In the same commit `edit`, if given, changes the section, and `amendments` are added to run.amendments, in this
  // stage's name, with the time.
  absl::Status BeginAttempt(const KeyInputs& key_inputs, AttemptInfo info,
                            const std::function<void(Section&)>& edit = nullptr,
                            const std::vector<Amendment>& amendments = {}) ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends it: end_time, usage, and how it ended; `error` if it FAILED. `edit`, if given, is committed with it: a section
  // is never seen COMPLETE without its last results.
  absl::Status FinishAttempt(StageRun::Status status, absl::string_view error = "",
                             const std::function<void(Section&)>& edit = nullptr) ABSL_LOCKS_EXCLUDED(mutex_);

  // OK if this writer's attempt is the newest of its stage; else Unavailable, naming the other.
  absl::Status CheckAttempt() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Adds to run.deviations, in this stage's name, with the time.
  absl::Status AddDeviation(absl::string_view name, absl::string_view old_value, absl::string_view new_value)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Status Commit(absl::FunctionRef<void(Metadata&, Section&)> edit) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckNewest(const StageRun& stage) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Constant after construction.
  MetadataStore& store_;
  const AttemptClock clock_;

  mutable absl::Mutex mutex_;
  // Empty until an attempt begins.
  std::string attempt_id_ ABSL_GUARDED_BY(mutex_);
  AttemptInfo info_ ABSL_GUARDED_BY(mutex_);
};

extern template class SectionWriter<LoadSection>;
extern template class SectionWriter<TrainSection>;
extern template class SectionWriter<EvaluateSection>;

}  // namespace baton

#endif  // BATON_METADATA_SECTION_WRITER_H_
