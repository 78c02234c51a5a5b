#include "base/worker_pool.h"

#include <chrono>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/usage.h"

namespace baton {
namespace {

// How long a worker looks before it sleeps: longer than what lies between two rounds of a small model's step, short
// beside a time slice. To be woken takes some 50 microseconds.
constexpr std::chrono::microseconds kSpin(100);

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

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

absl::StatusOr<std::unique_ptr<WorkerPool>> WorkerPool::Create(int workers, std::function<void()> start) {
  std::unique_ptr<WorkerPool> pool(new WorkerPool(workers));
  start();
  if (const absl::Status started = pool->StartThreads(start); !started.ok()) return started;
  return pool;
}

WorkerPool::WorkerPool(int workers) : spins_(workers <= AvailableCores()), results_(workers) {}

absl::Status WorkerPool::StartThreads(const std::function<void()>& start) {
  try {
    threads_.reserve(size() - 1);
    for (int worker = 1; worker < size(); ++worker) {
      threads_.emplace_back([this, worker, start] {
        start();
        Loop(worker);
      });
    }
  } catch (const std::system_error& e) {
    return absl::AbortedError(absl::StrCat("cannot start ", size(), " threads, only ", threads_.size() + 1, ": ",
                                           e.code().message(), "; lower train.workers or raise the limit (ulimit -u)"));
  }
  return absl::OkStatus();
}

WorkerPool::~WorkerPool() {
  stopping_ = true;
  ++generation_;
  generation_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

absl::Status WorkerPool::Run(const std::function<absl::Status(int)>& work) {
  if (!threads_.empty()) {
    work_ = &work;
    running_ = static_cast<uint32_t>(threads_.size());
    ++generation_;
    generation_.notify_all();
  }
  results_[0] = Guarded(work, 0);
  for (uint32_t running = running_; running > 0; running = running_) AwaitChange(running_, running);
  for (const absl::Status& result : results_) {
    if (!result.ok()) return result;
  }
  return absl::OkStatus();
}

void WorkerPool::Loop(int worker) {
  for (uint32_t seen = 0;; ++seen) {
    AwaitChange(generation_, seen);
    if (stopping_) return;
    results_[worker] = Guarded(*work_, worker);
    if (--running_ == 0) running_.notify_one();
  }
}

void WorkerPool::AwaitChange(const std::atomic<uint32_t>& value, uint32_t old) const {
  if (spins_) {
    const auto end = std::chrono::steady_clock::now() + kSpin;
    while (std::chrono::steady_clock::now() < end) {
      for (int i = 0; i < 16; ++i) {
        if (value != old) return;
        Pause();
      }
    }
  }
  value.wait(old);
}

}  // namespace baton
