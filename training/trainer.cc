#include "training/trainer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/signals.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "training/selection.h"
#include "training/validation.h"

namespace baton {
namespace {

RetentionPolicy RetentionOf(const Training& training) {
  const SnapshotConfig& config = training.config.snapshots();
  return {.keep_last = config.keep_last(),
          .keep_every_steps = config.keep_every_steps(),
          .keep_best = config.keep_best(),
          .selection = SelectionOf(training.config, training.criterion.metrics()),
          .kept_for_good = training.kept_for_good};
}

}  // namespace

Trainer::Trainer(const Training& training, const Optimizer& optimizer, State& state)
    : training_(training),
      config_(training.config),
      state_(state),
      progress_(state.progress),
      goal_(config_),
      retention_(RetentionOf(training)),
      order_(training.seed, training.train.examples()),
      step_({.config = config_,
             .seed = training.seed,
             .model = training.model,
             .criterion = training.criterion,
             .optimizer = optimizer,
             .pool = training.pool,
             .state = state,
             .before_update = [this] {
               if (writer_.has_value()) writer_->FinishCopy();
             }}) {
  if (training.snapshots != nullptr) writer_.emplace(*training.snapshots, WriterOptions(), state);
  if (progress_.step_index() > 0) saved_step_ = progress_.step_index();
}

SnapshotWriter::Options Trainer::WriterOptions() const {
  return {
      .retention = retention_, .before_commit = training_.before_snapshot, .on_durable = [this](const State& saved) {
        return Tell([&saved](Observer& observer) { return observer.OnSnapshot(saved); });
      }};
}

absl::StatusOr<StopReason> Trainer::Train() {
  const absl::Status trained = TakeSteps();
  const absl::Status saved = writer_.has_value() ? writer_->Wait() : absl::OkStatus();
  if (!trained.ok() && !absl::IsCancelled(trained)) {
    LOG_IF(WARNING, !saved.ok() && saved != trained) << "the last snapshot was not saved: " << saved.message();
    return trained;
  }
  RETURN_IF_ERROR(saved);
  RETURN_IF_ERROR(trained);
  const StopReason reason = *Done();
  RETURN_IF_ERROR(Tell([&](Observer& observer) { return observer.OnEnd(state_, reason); }));
  return reason;
}

absl::Status Trainer::TakeSteps() {
  while (!Done().has_value()) {
    // Taken up again where it is to stop: there is a snapshot.
    if (StopStepReached()) return CheckStop();
    RETURN_IF_ERROR(step_.Run(training_.train, NextBatch()));
    RETURN_IF_ERROR(ReportStep());
    if (EpochIsComplete()) {
      FinishEpoch();
      RETURN_IF_ERROR(Tell([this](Observer& observer) { return observer.OnEpoch(progress_.epoch_index()); }));
    }
    if (MeasurementIsDue()) RETURN_IF_ERROR(Measure());
    const absl::Status stop = CheckStop();
    RETURN_IF_ERROR(SaveSnapshotIfDue(/*is_last=*/!stop.ok() || Done().has_value()));
    RETURN_IF_ERROR(stop);
  }
  return absl::OkStatus();
}

std::optional<StopReason> Trainer::Done() const {
  if (progress_.stopped_early()) return StopReason::kEarlyStopping;
  const Position position = PositionOf(progress_);
  if (!goal_.IsReached(position)) return std::nullopt;
  const bool by_steps = config_.max_steps() > 0 && position.steps >= config_.max_steps();
  return by_steps ? StopReason::kMaxSteps : StopReason::kMaxEpochs;
}

bool Trainer::StopStepReached() const {
  return training_.stop_at_step > 0 && progress_.step_index() >= training_.stop_at_step;
}

absl::Status Trainer::CheckStop() const {
  const bool signal = StopRequested();
  if (Done().has_value() || (!signal && !StopStepReached())) return absl::OkStatus();
  return absl::CancelledError(absl::StrCat("stopped ", signal ? absl::StrCat("by signal ", StopSignal(), " ") : "",
                                           "at step ", progress_.step_index(),
                                           "; run the same command again to go on from there"));
}

std::vector<int64_t> Trainer::NextBatch() const {
  const uint64_t begin = progress_.epoch_examples();
  return order_.Examples(progress_.epoch_index(), begin, begin + config_.batch_size());
}

bool Trainer::EpochIsComplete() const {
  return progress_.epoch_examples() >= static_cast<uint64_t>(training_.train.examples());
}

void Trainer::FinishEpoch() {
  progress_.set_epoch_index(progress_.epoch_index() + 1);
  progress_.set_train_batch_index(0);
  progress_.set_epoch_examples(0);
}

bool Trainer::MeasurementIsDue() const {
  const uint64_t every = config_.validate_every_steps();
  return every > 0 ? progress_.step_index() % every == 0 : progress_.train_batch_index() == 0;
}

absl::Status Trainer::Measure() {
  Measurement measurement;
  measurement.set_step_index(progress_.step_index());
  measurement.set_epoch_index(progress_.epoch_index());
  measurement.set_examples(progress_.examples());
  measurement.set_train_loss(progress_.loss_sum() / progress_.weight_sum());
  measurement.set_learning_rate(step_.learning_rate());
  if (training_.validation != nullptr) {
    RETURN_IF_ERROR(Validate(training_, state_, measurement));
    UpdateAfterValidation(config_, retention_.selection, measurement, progress_);
  }
  progress_.set_loss_sum(0);
  progress_.set_weight_sum(0);
  state_.history.Add(measurement);
  return Tell([&measurement](Observer& observer) { return observer.OnMeasurement(measurement); });
}

std::optional<SnapshotWriter::Importance> Trainer::SnapshotDue() const {
  if (MustBeKept(state_.history, progress_, retention_)) return SnapshotWriter::Importance::kRequired;
  const SnapshotConfig& config = config_.snapshots();
  const auto falls_on = [](uint64_t number, uint64_t every) { return every > 0 && number % every == 0; };
  const bool by_steps = falls_on(progress_.step_index(), config.every_steps());
  const bool by_epochs = progress_.train_batch_index() == 0 && falls_on(progress_.epoch_index(), config.every_epochs());
  const std::chrono::seconds interval(config.every_seconds());
  const bool by_time = interval.count() > 0 && std::chrono::steady_clock::now() - saved_time_ >= interval;
  if (by_steps || by_epochs || by_time) return SnapshotWriter::Importance::kPeriodic;
  return std::nullopt;
}

absl::Status Trainer::SaveSnapshotIfDue(bool is_last) {
  if (!writer_.has_value()) return absl::OkStatus();
  RETURN_IF_ERROR(writer_->status());
  const auto importance = is_last ? std::optional(SnapshotWriter::Importance::kRequired) : SnapshotDue();
  if (!importance.has_value() || saved_step_ == progress_.step_index()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool begun, writer_->Save(state_, *importance));
  if (!begun) return absl::OkStatus();
  saved_step_ = progress_.step_index();
  saved_time_ = std::chrono::steady_clock::now();
  return absl::OkStatus();
}

absl::Status Trainer::Tell(absl::FunctionRef<absl::Status(Observer&)> what) const {
  for (Observer* const observer : training_.observers) RETURN_IF_ERROR(what(*observer));
  return absl::OkStatus();
}

absl::Status Trainer::ReportStep() const {
  const StepReport report = {.step_index = progress_.step_index(),
                             .examples = progress_.examples(),
                             .epoch_index = progress_.epoch_index(),
                             .loss = step_.loss(),
                             .learning_rate = step_.learning_rate(),
                             .gradient_norm = step_.gradient_norm()};
  return Tell([&report](Observer& observer) { return observer.OnStep(report); });
}

}  // namespace baton
