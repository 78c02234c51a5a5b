#include "training/trainer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/signals.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "training/validation.h"

namespace baton {
namespace {

RetentionPolicy RetentionOf(const TrainConfig& config, const std::set<uint64_t>& kept_for_good) {
  return {.keep_last = config.snapshots().keep_last(),
          .keep_every_steps = config.snapshots().keep_every_steps(),
          .keep_best = config.snapshots().keep_best(),
          .selection_metric = config.selection_metric(),
          .kept_for_good = kept_for_good};
}

}  // namespace

Trainer::Trainer(const Parts& parts, State& state)
    : parts_(parts),
      state_(state),
      progress_(state.progress),
      retention_(RetentionOf(parts.config, parts.kept_for_good)),
      order_(parts.seed, parts.train.rows(), parts.config.batch_size()),
      step_(parts.config, parts.seed, parts.model, parts.criterion, parts.optimizer, parts.pool, state,
            [this] { writer_.FinishCopy(); }),
      bar_("train", "steps", order_.batches() * parts.config.max_epochs(), state.progress.step_index()),
      writer_(parts.snapshots,
              {.retention = retention_, .before_commit = parts.before_snapshot, .on_durable = parts.on_snapshot},
              state) {
  if (progress_.step_index() > 0) saved_step_ = progress_.step_index();
}

bool Trainer::Done() const {
  return progress_.stopped_early() || progress_.epoch_index() >= parts_.config.max_epochs();
}

absl::Status Trainer::Train() {
  const absl::Status trained = TakeSteps();
  const absl::Status saved = writer_.Wait();
  if (trained.ok() || absl::IsCancelled(trained)) return saved.ok() ? trained : saved;
  if (!saved.ok() && saved != trained) LOG(WARNING) << "the last snapshot was not saved: " << saved.message();
  return trained;
}

absl::Status Trainer::TakeSteps() {
  while (!Done()) {
    // Taken up again where it is to stop: there is a snapshot.
    if (StopStepReached()) return CheckStop();
    RETURN_IF_ERROR(step_.Run(parts_.train, order_.Batch(progress_.epoch_index(), progress_.train_batch_index())));
    if (progress_.train_batch_index() == order_.batches()) RETURN_IF_ERROR(FinishEpoch());
    ShowProgress();
    const absl::Status stop = CheckStop();
    RETURN_IF_ERROR(SaveSnapshotIfDue(/*is_last=*/!stop.ok() || Done()));
    RETURN_IF_ERROR(stop);
  }
  return absl::OkStatus();
}

bool Trainer::StopStepReached() const {
  return parts_.stop_at_step > 0 && progress_.step_index() >= parts_.stop_at_step;
}

absl::Status Trainer::CheckStop() const {
  const bool signal = StopRequested();
  if (Done() || (!signal && !StopStepReached())) return absl::OkStatus();
  return absl::CancelledError(absl::StrCat("stopped ", signal ? absl::StrCat("by signal ", StopSignal(), " ") : "",
                                           "at step ", progress_.step_index(),
                                           "; run the same command again to go on from there"));
}

absl::Status Trainer::FinishEpoch() {
  Measurement measurement;
  measurement.set_step_index(progress_.step_index());
  measurement.set_epoch_index(progress_.epoch_index() + 1);
  measurement.set_examples(progress_.examples());
  measurement.set_train_loss(progress_.loss_sum() / progress_.weight_sum());
  measurement.set_learning_rate(step_.learning_rate());
  if (parts_.validation != nullptr) {
    RETURN_IF_ERROR(Validate(parts_.config, parts_.model, parts_.criterion, state_.weights(), *parts_.validation,
                             parts_.pool, measurement));
    UpdateAfterValidation(parts_.config, measurement, progress_);
  }
  state_.history.Add(std::move(measurement));
  progress_.set_epoch_index(progress_.epoch_index() + 1);
  progress_.set_train_batch_index(0);
  progress_.set_epoch_examples(0);
  progress_.set_loss_sum(0);
  progress_.set_weight_sum(0);
  return absl::OkStatus();
}

std::optional<SnapshotWriter::Importance> Trainer::SnapshotDue() const {
  if (MustBeKept(state_.history, progress_, retention_)) return SnapshotWriter::Importance::kRequired;
  const uint64_t every = parts_.config.snapshots().every_steps();
  const std::chrono::seconds interval(parts_.config.snapshots().every_seconds());
  const bool by_steps = every > 0 && progress_.step_index() % every == 0;
  const bool by_time = interval.count() > 0 && std::chrono::steady_clock::now() - saved_time_ >= interval;
  if (by_steps || by_time) return SnapshotWriter::Importance::kPeriodic;
  return std::nullopt;
}

absl::Status Trainer::SaveSnapshotIfDue(bool is_last) {
  RETURN_IF_ERROR(writer_.status());
  const auto importance = is_last ? std::optional(SnapshotWriter::Importance::kRequired) : SnapshotDue();
  if (!importance.has_value() || saved_step_ == progress_.step_index()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool begun, writer_.Save(state_, *importance));
  if (!begun) return absl::OkStatus();
  saved_step_ = progress_.step_index();
  saved_time_ = std::chrono::steady_clock::now();
  return absl::OkStatus();
}

void Trainer::ShowProgress() {
  if (!bar_.Due()) return;
  std::string detail = absl::StrCat("epoch ", progress_.epoch_index() + 1);
  if (progress_.weight_sum() > 0) {
    absl::StrAppendFormat(&detail, "  loss %.4g", progress_.loss_sum() / progress_.weight_sum());
  }
  if (progress_.has_best())
    absl::StrAppendFormat(&detail, "  best validation %.4g", progress_.best().validation_loss());
  bar_.Update(progress_.step_index(), detail);
}

}  // namespace baton
