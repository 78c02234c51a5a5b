#include "state/snapshot_store.h"

#include <algorithm>
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

namespace baton {
namespace {

constexpr absl::string_view kPrefix = "step-";
// How many differences an error message names.
constexpr size_t kMaxDifferences = 3;

// Errors that say that what is stored is bad, as against errors of the machine, on which nothing may be set aside.
bool IsDamage(const absl::Status& status) { return absl::IsDataLoss(status) || absl::IsNotFound(status); }

}  // namespace

std::string SnapshotStore::FolderName(uint64_t step) { return absl::StrFormat("step-%012d", step); }

std::string SnapshotStore::PathOf(uint64_t step) const { return JoinPath(folder_, FolderName(step)); }

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
  const std::string path = PathOf(step);
  ASSIGN_OR_RETURN(State state, LoadSnapshot(fs_, path, device));
  if (state.progress.step_index() == step) return state;
  return absl::DataLossError(
      absl::StrCat(path, " is not of step ", step, " but of step ", state.progress.step_index(), ": it was renamed"));
}

absl::StatusOr<std::optional<State>> SnapshotStore::LoadLatest(at::Device device) {
  ASSIGN_OR_RETURN(std::vector<uint64_t> steps, Steps());
  ASSIGN_OR_RETURN(const bool damaged_ones, HasDamaged());
  if (steps.empty() && !damaged_ones) return std::nullopt;
  // A process may have died before it could make the newest one's name durable; from here on others rely on it.
  RETURN_IF_ERROR(SyncFolder(fs_, folder_));
  const auto load = [&](uint64_t step) -> absl::StatusOr<State> {
    absl::StatusOr<State> state = Load(step, device);
    if (state.ok() || !IsDamage(state.status())) return state;
    const absl::StatusOr<std::string> aside = SetAside(fs_, PathOf(step));
    LOG(WARNING) << state.status().message() << "; "
                 << (aside.ok() ? absl::StrCat("set aside as ", *aside)
                                : absl::StrCat("it could not be set aside: ", aside.status().message()));
    return state;
  };
  std::string best_lost;
  while (!steps.empty()) {
    absl::StatusOr<State> state = load(steps.back());
    if (!state.ok() && !IsDamage(state.status())) return state.status();
    if (!state.ok()) {
      steps.pop_back();
      continue;
    }
    const TrainingProgress& progress = state->progress;
    if (!progress.has_best() || progress.best().step_index() == progress.step_index()) return *std::move(state);
    const uint64_t best = progress.best().step_index();
    const bool listed = std::binary_search(steps.begin(), steps.end(), best);
    const absl::Status best_status =
        listed ? load(best).status() : absl::NotFoundError(absl::StrCat(PathOf(best), " is missing"));
    if (best_status.ok()) return *std::move(state);
    if (!IsDamage(best_status)) return best_status;
    LOG(WARNING) << "the best snapshot, of step " << best << ", is to be made again from an older one";
    best_lost = absl::StrCat(" from which the best one, of step ", best, ", could be made again");
    while (!steps.empty() && steps.back() >= best) steps.pop_back();
  }
  return absl::DataLossError(absl::StrCat("no usable snapshot is left in ", folder_, best_lost,
                                          "; put an intact copy back, or train from the beginning with --start_over"));
}

absl::StatusOr<SnapshotIndex> SnapshotStore::Save(const State& state,
                                                  const std::function<absl::Status()>& before_commit) {
  const std::string path = PathOf(state.progress.step_index());
  ASSIGN_OR_RETURN(const bool exists, Exists(fs_, path));
  if (exists) {
    const absl::StatusOr<State> there = Load(state.progress.step_index(), at::kCPU);
    if (there.ok()) {
      const std::vector<std::string> differences = Differences(*there, state);
      if (differences.empty()) {
        // It may stand there since a process died before it could make its name durable.
        RETURN_IF_ERROR(SyncFolder(fs_, folder_));
        return ReadSnapshotIndex(fs_, path);
      }
      const size_t shown = std::min(differences.size(), kMaxDifferences);
      return absl::FailedPreconditionError(
          absl::StrCat("training again up to step ", state.progress.step_index(), " gave other bits than ", path,
                       " holds: ", absl::StrJoin(differences.begin(), differences.begin() + shown, "; "),
                       differences.size() > shown ? absl::StrCat("; and ", differences.size() - shown, " more") : "",
                       ". It was written on ", there->environment.cpu_model(), " (",
                       there->environment.cpu_capability(), ") by version ", there->environment.program_version(),
                       " with libtorch ", there->environment.libtorch_version(),
                       ", and was left as it is: go on where it was written, or begin anew with --start_over"));
    }
    if (!IsDamage(there.status())) return there.status();
    ASSIGN_OR_RETURN(const std::string aside, SetAside(fs_, path));
    LOG(WARNING) << there.status().message() << "; set aside as " << aside;
  }
  return SaveSnapshot(fs_, state, path, before_commit);
}

absl::StatusOr<std::vector<uint64_t>> SnapshotStore::Removable(const TrainingProgress& progress,
                                                               const RetentionPolicy& policy) const {
  const auto best_of = [&](uint64_t step) -> absl::StatusOr<std::optional<uint64_t>> {
    TrainingProgress its_progress = progress;
    if (step != progress.step_index()) {
      const absl::StatusOr<SnapshotIndex> index = ReadSnapshotIndex(fs_, PathOf(step));
      if (!index.ok() && !IsDamage(index.status())) return index.status();
      if (!index.ok()) return std::nullopt;
      its_progress = index->progress();
    }
    if (!its_progress.has_best()) return std::nullopt;
    return its_progress.best().step_index();
  };
  ASSIGN_OR_RETURN(std::vector<uint64_t> steps, Steps());
  return StepsToRemove(std::move(steps), progress, policy, best_of);
}

absl::Status SnapshotStore::RemoveOld(const TrainingProgress& progress, const RetentionPolicy& policy) {
  ASSIGN_OR_RETURN(const std::vector<uint64_t> steps, Removable(progress, policy));
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
