#include "pipeline/train/train_record.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "base/thin_out.h"
#include "glog/logging.h"
#include "state/snapshot_index.h"

namespace baton {
namespace {

constexpr std::chrono::seconds kCommitInterval(10);
// Of a curve, more cannot be seen.
constexpr size_t kMostMeasurements = 500;

TrainSection::StopReason ReasonOf(StopReason reason) {
  switch (reason) {
    case StopReason::kMaxSteps:
      return TrainSection::MAX_STEPS;
    case StopReason::kMaxEpochs:
      return TrainSection::MAX_EPOCHS;
    case StopReason::kEarlyStopping:
      return TrainSection::EARLY_STOPPING;
  }
  return TrainSection::STOP_REASON_UNSPECIFIED;
}

}  // namespace

TrainRecord::TrainRecord(FileSystem& fs, const RunDirectory& run, const SnapshotStore& snapshots, DigestCache& digests,
                         MetadataStore& store, SectionWriter<TrainSection>& writer, const PipelineConfig& config,
                         const State& state)
    : fs_(fs),
      run_(run),
      snapshots_(snapshots),
      digests_(digests),
      store_(store),
      writer_(writer),
      config_(config),
      first_example_(state.progress.examples()),
      start_(std::chrono::steady_clock::now()),
      next_commit_(start_ + kCommitInterval) {}

absl::Status TrainRecord::OnSnapshot(const State& saved) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_commit_) return absl::OkStatus();
  next_commit_ = now + kCommitInterval;
  return writer_.Update([&](TrainSection& section) { FillHistory(saved, section); });
}

absl::Status TrainRecord::Finish(const absl::StatusOr<StopReason>& result, const State& state) {
  if (!result.ok() && !absl::IsCancelled(result.status())) return Fail(result.status());
  const absl::StatusOr<TrainSection> results =
      Results(state, result.ok() ? std::optional<StopReason>(*result) : std::nullopt);
  if (!results.ok()) return Fail(results.status());
  const StageRun::Status status = result.ok() ? StageRun::COMPLETE : StageRun::INTERRUPTED;
  RETURN_IF_ERROR(writer_.FinishAttempt(status, "", [&results](TrainSection& section) {
    StageRun stage = std::move(*section.mutable_stage());
    section = *results;
    *section.mutable_stage() = std::move(stage);
  }));
  return result.status();
}

absl::Status TrainRecord::Fail(const absl::Status& error) {
  const absl::Status recorded = writer_.FinishAttempt(StageRun::FAILED, error.message());
  if (!recorded.ok()) LOG(WARNING) << "the record could not be told of the failure: " << recorded.message();
  return error;
}

absl::StatusOr<TrainSection> TrainRecord::Results(const State& state, std::optional<StopReason> complete) {
  ASSIGN_OR_RETURN(const Metadata record, store_.Read());
  TrainSection section;
  // An attempt that had no step to take keeps the throughput of the one before.
  if (record.train().has_examples_per_second()) {
    section.set_examples_per_second(record.train().examples_per_second());
  }
  section.set_run_id(record.run().run_id());
  if (config_.has_name()) section.set_experiment_name(config_.name());
  section.set_parameter_count(state.model().layout().parameter_count);
  FillHistory(state, section);
  RETURN_IF_ERROR(FillSnapshots(state, section));
  *section.mutable_finished_steps() = record.train().finished_steps();
  if (record.train().has_initial_weights()) *section.mutable_initial_weights() = record.train().initial_weights();
  if (complete.has_value()) {
    section.set_stop_reason(ReasonOf(*complete));
    for (const SnapshotReference* snapshot : {&section.best_snapshot(), &section.last_snapshot()}) {
      const auto& steps = section.finished_steps();
      const bool listed = std::find(steps.begin(), steps.end(), snapshot->step_index()) != steps.end();
      if (snapshot->has_path() && !listed) section.add_finished_steps(snapshot->step_index());
    }
  }
  return section;
}

void TrainRecord::FillHistory(const State& state, TrainSection& section) const {
  const History& history = state.history;
  std::optional<size_t> best;
  if (state.progress.has_best()) {
    const auto is_before = [](const Measurement& measurement, uint64_t step) {
      return measurement.step_index() < step;
    };
    const auto found = std::lower_bound(history.begin(), history.end(), state.progress.best().step_index(), is_before);
    if (found != history.end()) best = std::distance(history.begin(), found);
  }
  section.clear_history();
  for (const size_t i : ThinOut(history.size(), kMostMeasurements, best)) *section.add_history() = history[i];
  section.set_epochs_done(state.progress.epoch_index());
  section.set_steps_done(state.progress.step_index());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
  const uint64_t examples = state.progress.examples() - first_example_;
  if (examples > 0) section.set_examples_per_second(static_cast<double>(examples) / seconds.count());
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
    if (progress.best().has_metric()) section.mutable_best_snapshot()->set_metric(progress.best().metric());
    best = &section.best_snapshot();
  }
  section.set_model_version(
      absl::StrCat("sha256:", best->model_sha256(), best->has_buffers_sha256() ? "+" : "", best->buffers_sha256()));
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
  const std::string weights = GroupFile(WeightsGroup(index, WeightsOf::kModelInUse));
  const char* const buffers = BuffersGroup(index, WeightsOf::kModelInUse);
  for (const std::string& name : names) {
    const std::string file = JoinPath(folder, name);
    ASSIGN_OR_RETURN(const FileDigest digest, digests_.Sha256(file));
    Artifact& artifact = *section.add_model_artifacts();
    artifact.set_path(run_.Relative(file));
    artifact.set_size_bytes(digest.size_bytes);
    artifact.set_sha256(digest.hex);
    if (name == weights) reference.set_model_sha256(digest.hex);
    if (buffers != nullptr && name == GroupFile(buffers)) reference.set_buffers_sha256(digest.hex);
  }
  return reference;
}

}  // namespace baton
