#include "base/worker_pool.h"

#include <exception>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace baton {
namespace {

absl::Status Guarded(const std::function<absl::Status(int)>& work, int worker) {
  try {
    return work(worker);
  } catch (const std::exception& e) {
    return Annotate(StatusFromException(e), absl::StrCat("worker ", worker));
  } catch (...) {
    return absl::InternalError(absl::StrCat("worker ", worker, ": an exception of unknown type"));
  }
}

}  // namespace

WorkerPool::WorkerPool(int workers, std::function<void()> start) : results_(workers) {
  start();
  for (int worker = 1; worker < workers; ++worker) {
    threads_.emplace_back([this, worker, start] {
      start();
      Loop(worker);
    });
  }
}

WorkerPool::~WorkerPool() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

absl::Status WorkerPool::Run(const std::function<absl::Status(int)>& work) {
  if (!threads_.empty()) {
    absl::MutexLock lock(&mutex_);
    work_ = &work;
    running_ = static_cast<int>(threads_.size());
    ++generation_;
  }
  results_[0] = Guarded(work, 0);
  if (!threads_.empty()) {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](int* running) { return *running == 0; }, &running_));
  }
  for (const absl::Status& result : results_) {
    if (!result.ok()) return result;
  }
  return absl::OkStatus();
}

void WorkerPool::Loop(int worker) {
  uint64_t seen = 0;
  while (true) {
    const std::function<absl::Status(int)>* work;
    {
      absl::MutexLock lock(&mutex_);
      const auto ready = [this, &seen]()
                             ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || generation_ != seen; };
      mutex_.Await(absl::Condition(&ready));
      if (stopping_) return;
      seen = generation_;
      work = work_;
    }
    results_[worker] = Guarded(*work, worker);
    absl::MutexLock lock(&mutex_);
    --running_;
  }
}

}  // namespace baton
