#ifndef BATON_BASE_WORKER_POOL_H_
#define BATON_BASE_WORKER_POOL_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace baton {

// A fixed number of workers that do the same thing at the same time. Worker 0 is the calling thread, so that one worker
// costs no thread and no switch. Workers that wait for each other, or for work, look for it for some microseconds
// before they sleep, unless there are more of them than cores.
class WorkerPool {
 public:
  // `start` runs once on every worker's thread, e.g. to set its number of intra-op threads. Aborted (exit code 71) if
  // the system gives no more threads.
  static absl::StatusOr<std::unique_ptr<WorkerPool>> Create(int workers, std::function<void()> start);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  int size() const { return static_cast<int>(results_.size()); }

  // Calls `work(worker)` on every worker and returns when all have returned: OK, or the error of the lowest worker that
  // has one. Exceptions become Status. Call from one thread at a time.
  absl::Status Run(const std::function<absl::Status(int worker)>& work);

 private:
  explicit WorkerPool(int workers);
  absl::Status StartThreads(const std::function<void()>& start);
  void Loop(int worker);
  // Waits until `value` is another than `old`.
  void AwaitChange(const std::atomic<uint32_t>& value, uint32_t old) const;

  const bool spins_;
  // Written before generation_ rises, read by the workers after that.
  const std::function<absl::Status(int)>* work_ = nullptr;
  bool stopping_ = false;
  std::atomic<uint32_t> generation_ = 0;  // rises with each Run()
  std::atomic<uint32_t> running_ = 0;     // workers, without the calling thread, that have not finished
  std::vector<absl::Status> results_;     // each written by its worker, read when none is running
  std::vector<std::thread> threads_;      // workers 1, 2, ...
};

}  // namespace baton

#endif  // BATON_BASE_WORKER_POOL_H_
