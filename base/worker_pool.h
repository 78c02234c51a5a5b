#ifndef BATON_BASE_WORKER_POOL_H_
#define BATON_BASE_WORKER_POOL_H_

#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace baton {

// A fixed number of workers that do the same thing at the same time. Worker 0 is the calling thread, so that one worker
// costs no thread and no switch.
class WorkerPool {
 public:
  // `start` runs once on every worker's thread, e.g. to set its number of intra-op threads.
  WorkerPool(int workers, std::function<void()> start);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  // Calls `work(worker)` on every worker and returns when all have returned: OK, or the error of the lowest worker that
  // has one. Exceptions become Status. Call from one thread at a time.
  absl::Status Run(const std::function<absl::Status(int worker)>& work);

 private:
  void Loop(int worker);

  absl::Mutex mutex_;
  const std::function<absl::Status(int)>* work_ ABSL_GUARDED_BY(mutex_) = nullptr;
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<absl::Status> results_;  // each written by its worker, read when none is running
  std::vector<std::thread> threads_;   // workers 1, 2, ...
};

}  // namespace baton

#endif  // BATON_BASE_WORKER_POOL_H_
