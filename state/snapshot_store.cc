#include "state/snapshot_store.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "state/snapshot_index.h"
#include "state/verify_snapshot.h"

namespace baton {
namespace {

constexpr absl::string_view kPrefix = "step-";
// How many differences an error message names.
constexpr size_t kMaxDifferences = 3;

const TrainingProgress& ProgressOf(const State& state) { return state.progress; }
const TrainingProgress& ProgressOf(const SnapshotIndex& index) { return index.progress(); }

absl::Status CheckStep(const TrainingProgress& progress, uint64_t step, const std::string& path) {
  if (progress.step_index() == step) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(path, " is not of step ", step, " but of step ", progress.step_index(), ": it was renamed"));
}

}  // namespace

std::string SnapshotStore::FolderName(uint64_t step) { return absl::StrFormat("step-%012d", step); }

std::string SnapshotStore::PathOf(uint64_t step) const { return JoinPath(folder_, FolderName(step)); }

absl::Status SnapshotStore::RemoveStale() { return StagedFolder::RemoveStale(fs_, folder_); }

absl::StatusOr<std::vector<uint64_t>> SnapshotStore::Steps() const {
  const auto names = ListFolder(fs_, folder_);
  if (absl::IsNotFound(names.status())) return std::vector<uint64_t>();
  RETURN_IF_ERROR(names.status());
  std::vector<uint64_t> steps;
  for (absl::string_view name : *names) {
    uint64_t step;
    if (absl::ConsumePrefix(&name, kPrefix) && absl::SimpleAtoi(name, &step)) steps.push_back(step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

absl::StatusOr<bool> SnapshotStore::HasDamaged() const {
  const auto names = ListFolder(fs_, folder_);
  if (absl::IsNotFound(names.status())) return false;
  RETURN_IF_ERROR(names.status());
  return std::any_of(names->begin(), names->end(),
                     [](const std::string& name) { return absl::StrContains(name, ".damaged"); });
}

absl::StatusOr<State> SnapshotStore::Load(uint64_t step, at::Device device) const {
  ASSIGN_OR_RETURN(State state, LoadSnapshot(fs_, PathOf(step), device));
  RETURN_IF_ERROR(CheckStep(state.progress, step, PathOf(step)));
  return state;
}

absl::StatusOr<SnapshotIndex> SnapshotStore::Verify(uint64_t step) const {
  const std::string path = PathOf(step);
  ASSIGN_OR_RETURN(const std::vector<SnapshotDamage> damages, VerifySnapshot(fs_, path, [](uint64_t) {}));
  if (!damages.empty()) {
    const SnapshotDamage& first = damages.front();
    return absl::DataLossError(absl::StrCat("snapshot ", path, ": ", first.file(),
                                            first.has_tensor() ? absl::StrCat(", tensor '", first.tensor(), "'") : "",
                                            ": ", first.message()));
  }
  ASSIGN_OR_RETURN(SnapshotIndex index, ReadSnapshotIndex(fs_, path));
  RETURN_IF_ERROR(CheckStep(index.progress(), step, path));
  return index;
}

void SnapshotStore::PutAside(uint64_t step, const absl::Status& damage) {
  const absl::StatusOr<std::string> aside = SetAside(fs_, PathOf(step));
  LOG(WARNING) << damage.message() << "; "
               << (aside.ok() ? absl::StrCat("set aside as ", *aside)
                              : absl::StrCat("it could not be set aside: ", aside.status().message()));
}

template <typename Read>
auto SnapshotStore::Latest(const Read& read) -> absl::StatusOr<std::optional<typename decltype(read(0))::value_type>> {
  ASSIGN_OR_RETURN(std::vector<uint64_t> steps, Steps());
  ASSIGN_OR_RETURN(const bool damaged_ones, HasDamaged());
  if (steps.empty() && !damaged_ones) return std::nullopt;
  // A process may have died before it could make the newest one's name durable; from here on others rely on it.
  RETURN_IF_ERROR(SyncFolder(fs_, folder_));
  std::string best_lost;
  while (!steps.empty()) {
    auto latest = read(steps.back());
    if (!latest.ok() && !IsSnapshotDamage(latest.status())) return latest.status();
    if (!latest.ok()) {
      PutAside(steps.back(), latest.status());
      steps.pop_back();
      continue;
    }
    const TrainingProgress& progress = ProgressOf(*latest);
    if (!progress.has_best() || progress.best().step_index() == progress.step_index()) return *std::move(latest);
    const uint64_t best = progress.best().step_index();
    const bool listed = std::binary_search(steps.begin(), steps.end(), best);
    const absl::Status best_status =
        listed ? Verify(best).status() : absl::NotFoundError(absl::StrCat(PathOf(best), " is missing"));
    if (best_status.ok()) return *std::move(latest);
    if (!IsSnapshotDamage(best_status)) return best_status;
    if (listed) PutAside(best, best_status);
    LOG(WARNING) << "the best snapshot, of step " << best << ", is to be made again from an older one";
    best_lost = absl::StrCat(" from which the best one, of step ", best, ", could be made again");
    while (!steps.empty() && steps.back() >= best) steps.pop_back();
  }
  return absl::DataLossError(absl::StrCat("no usable snapshot is left in ", folder_, best_lost,
                                          "; put an intact copy back, or train from the beginning with --start_over"));
}

absl::StatusOr<std::optional<State>> SnapshotStore::LoadLatest(at::Device device) {
  return Latest([&](uint64_t step) { return Load(step, device); });
}

absl::StatusOr<std::optional<SnapshotIndex>> SnapshotStore::FindLatest() {
  return Latest([&](uint64_t step) { return Verify(step); });
}

absl::StatusOr<SnapshotIndex> SnapshotStore::Save(const State& state,
                                                  const std::function<absl::Status()>& before_commit) {
  const uint64_t step = state.progress.step_index();
  const std::string path = PathOf(step);
  ASSIGN_OR_RETURN(const std::vector<uint64_t> steps, Steps());
  ASSIGN_OR_RETURN(const bool exists, Exists(fs_, path));
  if (exists) {
    const absl::StatusOr<SnapshotIndex> there = Verify(step);
    if (there.ok()) {
      const std::vector<std::string> differences = DifferencesFrom(*there, state);
      if (differences.empty()) {
        // It may stand there since a process died before it could make its name durable.
        RETURN_IF_ERROR(SyncFolder(fs_, folder_));
        return there;
      }
      const size_t shown = std::min(differences.size(), kMaxDifferences);
      const Environment& environment = there->environment();
      return absl::FailedPreconditionError(absl::StrCat(
          "training again up to step ", step, " gave other bits than ", path,
          " holds: ", absl::StrJoin(differences.begin(), differences.begin() + shown, "; "),
          differences.size() > shown ? absl::StrCat("; and ", differences.size() - shown, " more") : "",
          ". It was written on ", environment.cpu_model(), " (", environment.cpu_capability(), ") by version ",
          environment.program_version(), " with libtorch ", environment.libtorch_version(),
          ", and was left as it is: go on where it was written, or begin again with --start_over"));
    }
    if (!IsSnapshotDamage(there.status())) return there.status();
    ASSIGN_OR_RETURN(const std::string aside, SetAside(fs_, path));
    LOG(WARNING) << there.status().message() << "; set aside as " << aside;
  }
  // Full segments of the history are those of the snapshot before.
  const auto next = std::lower_bound(steps.begin(), steps.end(), step);
  const std::string previous = next == steps.begin() ? "" : PathOf(*std::prev(next));
  return SaveSnapshot(fs_, state, path, before_commit, previous);
}

absl::StatusOr<std::vector<uint64_t>> SnapshotStore::Removable(const History& history, const TrainingProgress& progress,
                                                               const RetentionPolicy& policy) const {
  const auto best_of = [&](uint64_t step) -> absl::StatusOr<std::optional<uint64_t>> {
    TrainingProgress its_progress = progress;
    if (step != progress.step_index()) {
      const absl::StatusOr<SnapshotIndex> index = ReadSnapshotIndex(fs_, PathOf(step));
      if (!index.ok() && !IsSnapshotDamage(index.status())) return index.status();
      if (!index.ok()) return std::nullopt;
      its_progress = index->progress();
    }
    if (!its_progress.has_best()) return std::nullopt;
    return its_progress.best().step_index();
  };
  ASSIGN_OR_RETURN(std::vector<uint64_t> steps, Steps());
  return StepsToRemove(std::move(steps), history, progress, policy, best_of);
}

absl::Status SnapshotStore::RemoveOld(const History& history, const TrainingProgress& progress,
                                      const RetentionPolicy& policy) {
  ASSIGN_OR_RETURN(const std::vector<uint64_t> steps, Removable(history, progress, policy));
  std::vector<std::string> going;
  for (const uint64_t step : steps) {
    // Out of the way first: a folder half removed must not look like a snapshot.
    going.push_back(JoinPath(folder_, absl::StrCat(".tmp-removed-", FolderName(step))));
    const int result = fs_.Rename(PathOf(step), going.back());
    if (result < 0) return IoError(result, "rename", PathOf(step));
  }
  if (going.empty()) return absl::OkStatus();
  // Nor after a power cut: what is in it must not be gone before its name is.
  RETURN_IF_ERROR(SyncFolder(fs_, folder_));
  for (const std::string& path : going) RETURN_IF_ERROR(RemoveTree(fs_, path));
  return absl::OkStatus();
}

absl::Status SnapshotStore::Supersede() {
  ASSIGN_OR_RETURN(const bool exists, Exists(fs_, folder_));
  if (!exists) return absl::OkStatus();
  for (int number = 1;; ++number) {
    const std::string aside = absl::StrCat(folder_, ".superseded-", number);
    ASSIGN_OR_RETURN(const bool taken, Exists(fs_, aside));
    if (taken) continue;
    if (const int result = fs_.Rename(folder_, aside); result < 0) return IoError(result, "rename", folder_);
    return SyncFolder(fs_, ParentFolder(folder_));
  }
}

}  // namespace baton
