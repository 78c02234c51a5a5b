#include "pipeline/train/train_record.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/status_macros.h"

namespace baton {
namespace {

constexpr std::chrono::seconds kCommitInterval(10);

}  // namespace

TrainRecord::TrainRecord(FileSystem& fs, const RunDirectory& run, const SnapshotStore& snapshots, DigestCache& digests,
                         SectionWriter<TrainSection>& writer, uint64_t batch_size, const State& state)
    : fs_(fs),
      run_(run),
      snapshots_(snapshots),
      digests_(digests),
      writer_(writer),
      batch_size_(batch_size),
      first_step_(state.progress.step_index()),
      start_(std::chrono::steady_clock::now()),
      next_commit_(start_ + kCommitInterval) {}

absl::Status TrainRecord::AfterSnapshot(const State& state) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_commit_) return absl::OkStatus();
  next_commit_ = now + kCommitInterval;
  return writer_.Update([&](TrainSection& section) { FillHistory(state, section); });
}

absl::Status TrainRecord::Finish(const absl::Status& result, const State& state) {
  if (!result.ok() && !absl::IsCancelled(result)) {
    RETURN_IF_ERROR(writer_.FinishAttempt(StageRun::FAILED, result.message()));
    return result;
  }
  TrainSection finished;
  FillHistory(state, finished);
  finished.set_parameter_count(state.model.layout().parameter_count);
  RETURN_IF_ERROR(FillSnapshots(state, finished));
  if (result.ok()) {
    finished.set_stop_reason(state.progress.stopped_early() ? TrainSection::EARLY_STOPPING : TrainSection::MAX_EPOCHS);
  }
  RETURN_IF_ERROR(writer_.FinishAttempt(result.ok() ? StageRun::COMPLETE : StageRun::INTERRUPTED, "",
                                        [&](TrainSection& section) {
                                          StageRun stage = std::move(*section.mutable_stage());
                                          const bool measured = finished.has_examples_per_second();
                                          if (!measured && section.has_examples_per_second()) {
                                            finished.set_examples_per_second(section.examples_per_second());
                                          }
                                          section = finished;
                                          *section.mutable_stage() = std::move(stage);
                                        }));
  return result;
}

void TrainRecord::FillHistory(const State& state, TrainSection& section) const {
  *section.mutable_history() = state.progress.history();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
  const uint64_t steps = state.progress.step_index() - first_step_;
  if (steps > 0) section.set_examples_per_second(static_cast<double>(steps * batch_size_) / seconds.count());
}

absl::Status TrainRecord::FillSnapshots(const State& state, TrainSection& section) {
  const TrainingProgress& progress = state.progress;
  ASSIGN_OR_RETURN(*section.mutable_last_snapshot(), Reference(progress.step_index(), section));
  const SnapshotReference* best = &section.last_snapshot();
  if (progress.has_best()) {
    if (progress.best().step_index() == progress.step_index()) {
      *section.mutable_best_snapshot() = section.last_snapshot();
    } else {
      ASSIGN_OR_RETURN(*section.mutable_best_snapshot(), Reference(progress.best().step_index(), section));
    }
    section.mutable_best_snapshot()->set_validation_loss(progress.best().validation_loss());
    best = &section.best_snapshot();
  }
  section.set_model_version(absl::StrCat("sha256:", best->model_sha256()));
  section.set_artifact_uri(best->path());
  return absl::OkStatus();
}

absl::StatusOr<SnapshotReference> TrainRecord::Reference(uint64_t step, TrainSection& section) {
  const std::string folder = snapshots_.PathOf(step);
  SnapshotReference reference;
  reference.set_path(run_.Relative(folder));
  reference.set_step_index(step);
  ASSIGN_OR_RETURN(const SnapshotIndex index, ReadSnapshotIndex(fs_, folder));
  reference.set_sha256(index.sha256());
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(fs_, folder));
  for (const std::string& name : names) {
    const std::string file = JoinPath(folder, name);
    ASSIGN_OR_RETURN(const FileDigest digest, digests_.Sha256(file));
    Artifact& artifact = *section.add_model_artifacts();
    artifact.set_path(run_.Relative(file));
    artifact.set_size_bytes(digest.size_bytes);
    artifact.set_sha256(digest.hex);
    if (name == "model.safetensors") reference.set_model_sha256(digest.hex);
  }
  return reference;
}

}  // namespace baton
