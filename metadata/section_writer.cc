#include "metadata/section_writer.h"

#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/fields.h"
#include "base/status_macros.h"
#include "metadata/canonical.h"
#include "metadata/ownership.h"
#include "metadata/record_text.h"
#include "metadata/timestamp.h"

namespace baton {
namespace {

template <typename Section>
constexpr SectionOwner Owner() {
  if (std::is_same_v<Section, LoadSection>) return SectionOwner::kLoad;
  if (std::is_same_v<Section, TrainSection>) return SectionOwner::kTrain;
  static_assert(std::is_same_v<Section, LoadSection> || std::is_same_v<Section, TrainSection> ||
                std::is_same_v<Section, EvaluateSection>);
  return SectionOwner::kEvaluate;
}

template <typename Section>
Section& MutableSection(Metadata& record) {
  if constexpr (std::is_same_v<Section, LoadSection>) {
    return *record.mutable_load();
  } else if constexpr (std::is_same_v<Section, TrainSection>) {
    return *record.mutable_train();
  } else {
    return *record.mutable_evaluate();
  }
}

}  // namespace

template <typename Section>
absl::Status SectionWriter<Section>::CheckNewest(const StageRun& stage) const {
  if (attempt_id_.empty()) return absl::OkStatus();
  if (stage.attempts_size() > 0 && stage.attempts().rbegin()->attempt_id() == attempt_id_) return absl::OkStatus();
  const Attempt other = stage.attempts_size() > 0 ? *stage.attempts().rbegin() : Attempt();
  return absl::UnavailableError(absl::StrCat("another process has taken over the stage ", OwnerName(Owner<Section>()),
                                             " of ", store_.run_dir(), " (attempt ", other.attempt_id(), ", process ",
                                             other.pid(), " on ", other.host(), "; this one is attempt ", attempt_id_,
                                             "): the locks of this file system do not work. Let only one of them run"));
}

template <typename Section>
absl::Status SectionWriter<Section>::Commit(absl::FunctionRef<void(Metadata&, Section&)> edit) {
  return store_.Commit(Owner<Section>(), [&](Metadata& record) {
    mutex_.AssertHeld();
    Section& section = MutableSection<Section>(record);
    RETURN_IF_ERROR(CheckNewest(section.stage()));
    const std::string before = CanonicalBytes(record);
    edit(record, section);
    if (!attempt_id_.empty() && CanonicalBytes(record) != before) {
      clock_.Measure(info_, *section.mutable_stage()->mutable_attempts()->rbegin());
    }
    return absl::OkStatus();
  });
}

template <typename Section>
absl::Status SectionWriter<Section>::Update(const std::function<void(Section&)>& edit) {
  absl::MutexLock lock(&mutex_);
  return Commit([&](Metadata&, Section& section) { edit(section); });
}

template <typename Section>
absl::Status SectionWriter<Section>::BeginAttempt(const KeyInputs& key_inputs, AttemptInfo info,
                                                  const std::function<void(Section&)>& edit,
                                                  const std::vector<Amendment>& amendments) {
  const Attempt attempt = MakeAttempt(store_.fs(), info, clock_);
  const std::string key = key_inputs.Key();
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(store_.Commit(Owner<Section>(), [&](Metadata& record) {
    Section& section = MutableSection<Section>(record);
    if (section.stage().key() != key) {
      section.Clear();
      section.mutable_stage()->set_key(key);
      for (const FieldValue& value : key_inputs.values()) {
        KeyInput& input = *section.mutable_stage()->add_key_inputs();
        input.set_name(value.first);
        input.set_value(value.second);
      }
    }
    if (edit) edit(section);
    StageRun& stage = *section.mutable_stage();
    stage.set_status(StageRun::RUNNING);
    stage.clear_error();
    *stage.add_attempts() = attempt;
    for (const Amendment& amendment : amendments) {
      Amendment& added = *record.mutable_run()->add_amendments();
      added = amendment;
      added.set_stage(std::string(OwnerName(Owner<Section>())));
      *added.mutable_time() = ToTimestamp(absl::Now());
    }
    return absl::OkStatus();
  }));
  attempt_id_ = attempt.attempt_id();
  info_ = std::move(info);
  return absl::OkStatus();
}

template <typename Section>
absl::Status SectionWriter<Section>::FinishAttempt(StageRun::Status status, absl::string_view error,
                                                   const std::function<void(Section&)>& edit) {
  absl::MutexLock lock(&mutex_);
  if (attempt_id_.empty()) return absl::InternalError("FinishAttempt() without BeginAttempt()");
  return Commit([&](Metadata&, Section& section) {
    if (edit) edit(section);
    StageRun& stage = *section.mutable_stage();
    stage.set_status(status);
    stage.clear_error();
    if (!error.empty()) stage.set_error(ToUtf8(error));
    *stage.mutable_attempts()->rbegin()->mutable_end_time() = ToTimestamp(absl::Now());
  });
}

template <typename Section>
absl::Status SectionWriter<Section>::CheckAttempt() const {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Metadata record, store_.Read());
  return CheckNewest(MutableSection<Section>(record).stage());
}

template <typename Section>
absl::Status SectionWriter<Section>::AddDeviation(absl::string_view name, absl::string_view old_value,
                                                  absl::string_view new_value) {
  absl::MutexLock lock(&mutex_);
  return Commit([&](Metadata& record, Section&) {
    Deviation& deviation = *record.mutable_run()->add_deviations();
    deviation.set_stage(std::string(OwnerName(Owner<Section>())));
    deviation.set_name(std::string(name));
    deviation.set_old_value(std::string(old_value));
    deviation.set_new_value(std::string(new_value));
    *deviation.mutable_time() = ToTimestamp(absl::Now());
  });
}

template class SectionWriter<LoadSection>;
template class SectionWriter<TrainSection>;
template class SectionWriter<EvaluateSection>;

}  // namespace baton
