#include "base/worker_pool.h"

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <iostream>
#include <new>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "absl/synchronization/barrier.h"
#include "absl/synchronization/mutex.h"
#include "base/testing/status_matchers.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(WorkerPool, EveryWorkerWorksOnceOnAThreadOfItsOwn) {
  for (const int workers : {1, 2, 5}) {
    ASSERT_OK_AND_ASSIGN(const auto pool, WorkerPool::Create(workers, [] {}));
    EXPECT_EQ(pool->size(), workers);
    std::vector<int> calls(workers, 0);
    std::vector<std::thread::id> threads(workers);
    ASSERT_THAT(pool->Run([&](int worker) {
      ++calls[worker];
      threads[worker] = std::this_thread::get_id();
      return absl::OkStatus();
    }),
                IsOk());
    EXPECT_THAT(calls, Each(1));
    EXPECT_EQ(threads[0], std::this_thread::get_id());
    EXPECT_EQ(std::set<std::thread::id>(threads.begin(), threads.end()).size(), workers);
  }
}

TEST(WorkerPool, WorkersWorkAtTheSameTime) {
  constexpr int kWorkers = 3;
  ASSERT_OK_AND_ASSIGN(const auto pool, WorkerPool::Create(kWorkers, [] {}));
  auto* const barrier = new absl::Barrier(kWorkers);
  // Each waits for all others: one after the other, this would never end.
  EXPECT_THAT(pool->Run([&](int) {
    if (barrier->Block()) delete barrier;
    return absl::OkStatus();
  }),
              IsOk());
}

TEST(WorkerPool, StartRunsOnceOnEachThread) {
  absl::Mutex mutex;
  std::multiset<std::thread::id> started;
  std::vector<std::thread::id> threads(3);
  ASSERT_OK_AND_ASSIGN(const auto pool, WorkerPool::Create(3, [&] {
                         absl::MutexLock lock(&mutex);
                         started.insert(std::this_thread::get_id());
                       }));
  for (int round = 0; round < 3; ++round) {
    ASSERT_THAT(pool->Run([&](int worker) {
      threads[worker] = std::this_thread::get_id();
      return absl::OkStatus();
    }),
                IsOk());
  }
  EXPECT_EQ(started, std::multiset<std::thread::id>(threads.begin(), threads.end()));
}

TEST(WorkerPool, TheLowestErrorWinsAndAllHaveRun) {
  ASSERT_OK_AND_ASSIGN(const auto pool, WorkerPool::Create(4, [] {}));
  std::atomic<int> calls = 0;
  EXPECT_THAT(pool->Run([&](int worker) -> absl::Status {
    ++calls;
    if (worker == 0) return absl::OkStatus();
    return absl::DataLossError(std::to_string(worker));
  }),
              StatusIs(absl::StatusCode::kDataLoss, "1"));
  EXPECT_EQ(calls, 4);
}

TEST(WorkerPool, ExceptionsBecomeStatus) {
  ASSERT_OK_AND_ASSIGN(const auto pool, WorkerPool::Create(3, [] {}));
  for (const int thrower : {0, 2}) {
    EXPECT_THAT(pool->Run([&](int worker) {
      if (worker == thrower) throw std::runtime_error("out of range");
      return absl::OkStatus();
    }),
                StatusIs(absl::StatusCode::kInternal,
                         AllOf(HasSubstr("worker " + std::to_string(thrower)), HasSubstr("out of range"))));
  }
  EXPECT_THAT(pool->Run([](int worker) -> absl::Status {
    if (worker == 1) throw std::bad_alloc();
    return absl::OkStatus();
  }),
              StatusIs(absl::StatusCode::kAborted, HasSubstr("worker 1")));
  EXPECT_THAT(pool->Run([](int worker) -> absl::Status {
    if (worker == 1) throw 5;
    return absl::OkStatus();
  }),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("worker 1")));
}

TEST(WorkerPool, ServesManyTimesAndForgetsEarlierErrors) {
  ASSERT_OK_AND_ASSIGN(const auto pool, WorkerPool::Create(3, [] {}));
  std::vector<int> sums(3, 0);  // each element by one worker, read between runs: TSan would tell
  for (int round = 0; round < 2000; ++round) {
    const absl::Status status = pool->Run([&](int worker) {
      sums[worker] += worker + 1;
      return round % 2 == 0 && worker == 2 ? absl::UnknownError("even") : absl::OkStatus();
    });
    ASSERT_EQ(status.ok(), round % 2 == 1) << round;
    ASSERT_THAT(sums, ElementsAre(round + 1, 2 * (round + 1), 3 * (round + 1)));
  }
}

TEST(WorkerPool, WorksAfterAllSleep) {
  ASSERT_OK_AND_ASSIGN(const auto pool, WorkerPool::Create(3, [] {}));
  std::vector<int> calls(3, 0);
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // longer than they look for work
    ASSERT_THAT(pool->Run([&](int worker) {
      // Worker 0 sleeps too, until the slowest is done.
      if (worker > 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ++calls[worker];
      return absl::OkStatus();
    }),
                IsOk());
  }
  EXPECT_THAT(calls, Each(3));
}

// In a process of its own, whose address space is too small for the threads' stacks.
TEST(WorkerPoolDeathTest, SaysThatThereAreNoMoreThreads) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto run_out = [] {
    rlimit limit;
    limit.rlim_cur = limit.rlim_max = 256 << 20;
    if (setrlimit(RLIMIT_AS, &limit) != 0) exit(2);
    const auto pool = WorkerPool::Create(1000, [] {});
    std::cerr << pool.status();
    exit(absl::IsAborted(pool.status()) ? 0 : 1);
  };
  EXPECT_EXIT(run_out(), testing::ExitedWithCode(0), "cannot start 1000 threads");
}

TEST(WorkerPool, MayEndWithoutEverWorking) {
  ASSERT_OK_AND_ASSIGN(const auto pool, WorkerPool::Create(3, [] {}));
}

}  // namespace
}  // namespace baton
