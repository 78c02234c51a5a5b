#include "state/snapshot_writer.h"

#include <sys/resource.h>
#include <unistd.h>

#include <exception>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/status_macros.h"

namespace baton {
namespace {

// Of the thread, on Linux, where each thread has its own: training goes first where both want a core, and has it back
// at once when a write ends. While training waits for a snapshot the thread has a core for itself.
constexpr int kNice = 10;

// What the staging memory is made for, without what training changes while it is made.
State TensorsOf(const State& state) {
  State tensors;
  tensors.groups = state.groups;
  return tensors;
}

absl::Status Guarded(const std::function<absl::Status()>& work) {
  try {
    return work();
  } catch (const std::exception& exception) {
    return Annotate(StatusFromException(exception), "saving a snapshot");
  } catch (...) {
    return absl::InternalError("saving a snapshot: an exception of unknown type");
  }
}

}  // namespace

SnapshotWriter::SnapshotWriter(SnapshotStore& store, Options options, const State& state)
    : store_(store), options_(std::move(options)), staged_(TensorsOf(state)), thread_([this] { Loop(); }) {}

SnapshotWriter::~SnapshotWriter() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

absl::StatusOr<bool> SnapshotWriter::Save(const State& state, Importance importance) {
  {
    absl::MutexLock lock(&mutex_);
    RETURN_IF_ERROR(status_);
    if (importance == Importance::kPeriodic && phase_ == Phase::kWriting) return false;
    AwaitIdle();
    RETURN_IF_ERROR(status_);
  }
  // The thread stays idle until it is told otherwise.
  ASSIGN_OR_RETURN(std::vector<CopyPiece> pieces, BeginCopy(state, staged_));
  copy_.emplace(std::move(pieces));
  absl::MutexLock lock(&mutex_);
  phase_ = Phase::kWriting;
  return true;
}

void SnapshotWriter::FinishCopy() {
  if (copy_.has_value()) copy_->Finish();
}

absl::Status SnapshotWriter::status() const {
  absl::MutexLock lock(&mutex_);
  return status_;
}

absl::Status SnapshotWriter::Wait() {
  absl::MutexLock lock(&mutex_);
  AwaitIdle();
  return status_;
}

void SnapshotWriter::AwaitIdle() {
  mutex_.Await(absl::Condition(
      +[](Phase* phase) { return *phase == Phase::kIdle; }, &phase_));
}

void SnapshotWriter::Loop() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);  // where it is refused, nothing is lost
  // Not at::set_num_threads(1): beside this thread's own number it sets the one that every thread takes over when it
  // first uses libtorch's threads, and training's bits depend on that. Saving needs none of them.
  absl::Status status = Guarded([this] {
    staged_ = MakeStaging(staged_);
    return absl::OkStatus();
  });
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      status_.Update(status);
      phase_ = Phase::kIdle;
      const auto called = [this]()
                              ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return phase_ == Phase::kWriting || stopping_; };
      mutex_.Await(absl::Condition(&called));
      if (phase_ != Phase::kWriting) return;
    }
    copy_->Finish();
    status = Guarded([this] { return Write(); });
  }
}

absl::Status SnapshotWriter::Write() {
  RETURN_IF_ERROR(store_.Save(staged_, options_.before_commit).status());
  RETURN_IF_ERROR(store_.RemoveOld(staged_.history, staged_.progress, options_.retention));
  return options_.on_durable ? options_.on_durable(staged_) : absl::OkStatus();
}

}  // namespace baton
