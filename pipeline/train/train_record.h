#ifndef BATON_PIPELINE_TRAIN_TRAIN_RECORD_H_
#define BATON_PIPELINE_TRAIN_TRAIN_RECORD_H_

#include <chrono>
#include <cstdint>

#include "absl/status/status.h"
#include "base/digest_cache.h"
#include "metadata/section_writer.h"
#include "metadata/store.h"
#include "pipeline/config/config.pb.h"
#include "pipeline/config/run_directory.h"
#include "state/snapshot_store.h"
#include "state/state.h"

namespace baton {

// Writes what a training attempt has come to into the record's train section: only what a durable snapshot holds, so
// that the record is never ahead of what can be resumed, and at most every 10 s, so that it stays short.
class TrainRecord {
 public:
  // All references must outlive it. Time is counted from now, examples from `state` on.
  TrainRecord(FileSystem& fs, const RunDirectory& run, const SnapshotStore& snapshots, DigestCache& digests,
              MetadataStore& store, SectionWriter<TrainSection>& writer, const PipelineConfig& config,
              const State& state);

  // `state` has just become durable as a snapshot. From any one thread, until Finish() is called.
  absl::Status AfterSnapshot(const State& state);

  // The attempt is over with `result`: COMPLETE with all artifacts and their digests, INTERRUPTED or FAILED. Returns
  // `result`, or if that is no failure what went wrong with recording it.
  absl::Status Finish(const absl::Status& result, const State& state);

 private:
  absl::StatusOr<TrainSection> Results(const State& state, bool complete);
  absl::Status FillSnapshots(const State& state, TrainSection& section);
  absl::StatusOr<SnapshotReference> Reference(uint64_t step, TrainSection& section);
  void FillHistory(const State& state, TrainSection& section) const;
  absl::Status Fail(const absl::Status& error);

  FileSystem& fs_;
  const RunDirectory& run_;
  const SnapshotStore& snapshots_;
  DigestCache& digests_;
  MetadataStore& store_;
  SectionWriter<TrainSection>& writer_;
  const PipelineConfig& config_;
  const uint64_t first_example_;
  const std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point next_commit_;
};

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_TRAIN_RECORD_H_
