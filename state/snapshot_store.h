#ifndef BATON_STATE_SNAPSHOT_STORE_H_
#define BATON_STATE_SNAPSHOT_STORE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "state/retention.h"
#include "state/snapshot.h"
#include "state/state.h"

namespace baton {

// The snapshots of one train key: FOLDER/step-000000001200/ and so on. The latest is the highest step that verifies;
// there is no pointer that could be wrong. Used by one process at a time, which holds the stage's lock.
class SnapshotStore {
 public:
  SnapshotStore(FileSystem& fs, std::string folder) : fs_(fs), folder_(std::move(folder)) {}

  // "step-000000001200".
  static std::string FolderName(uint64_t step);
  std::string PathOf(uint64_t step) const;

  // Removes what a process that was killed left half written.
  absl::Status RemoveStale();

  // Steps that have a snapshot, ascending; not whether it verifies. Empty where there is no folder.
  absl::StatusOr<std::vector<uint64_t>> Steps() const;

  // The latest State that verifies and whose best snapshot verifies as well (otherwise the best one is to be made
  // again, from an older State). Only this State takes memory: the best one is read without making tensors. A snapshot
  // that is damaged, or of another step than its name says, is reported, set aside and skipped. nullopt where there is
  // no snapshot; DataLoss where there were some, now or before, and none is left.
  absl::StatusOr<std::optional<State>> LoadLatest(at::Device device);
  // The same, without making any tensors: the index of that State, which verifies.
  absl::StatusOr<std::optional<SnapshotIndex>> FindLatest();

  // Writes a snapshot under its step. Where one of this step is there that verifies and is the same but for the
  // environment, it stays and its index is returned; where it is another, the replay was not the same:
  // FailedPrecondition names the first differences. It is compared by digests, in little memory. `before_commit` as for
  // SaveSnapshot.
  absl::StatusOr<SnapshotIndex> Save(const State& state, const std::function<absl::Status()>& before_commit = nullptr);

  // Steps of the snapshots that the policy does not keep, ascending; `history` and `progress` are those of the newest
  // State.
  absl::StatusOr<std::vector<uint64_t>> Removable(const History& history, const TrainingProgress& progress,
                                                  const RetentionPolicy& policy) const;

  // Removes the snapshots that the policy does not keep. Call after a Save; `history` and `progress` are those of the
  // State that was saved.
  absl::Status RemoveOld(const History& history, const TrainingProgress& progress, const RetentionPolicy& policy);

  // Renames the folder with all that is in it out of the way, to start over. OK if there is none.
  absl::Status Supersede();

 private:
  // These two read all of a snapshot. DataLoss also where the State in it is of another step.
  absl::StatusOr<State> Load(uint64_t step, at::Device device) const;
  absl::StatusOr<SnapshotIndex> Verify(uint64_t step) const;
  // The latest that `read` takes and whose best one verifies.
  template <typename Read>
  auto Latest(const Read& read) -> absl::StatusOr<std::optional<typename decltype(read(0))::value_type>>;
  // Renames a damaged one and says so.
  void PutAside(uint64_t step, const absl::Status& damage);
  // Whether any was set aside.
  absl::StatusOr<bool> HasDamaged() const;

  FileSystem& fs_;
  const std::string folder_;
};

}  // namespace baton

#endif  // BATON_STATE_SNAPSHOT_STORE_H_
