#include "base/signals.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace baton {
namespace {

constexpr int64_t kSecondSignalAfterNanoseconds = 2'000'000'000;
constexpr int kInterrupted = 75;

std::atomic<int> stop_signal = 0;
std::atomic<int64_t> first_nanoseconds = 0;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<int64_t>::is_always_lock_free);

// Calls nothing that is not async-signal-safe.
void OnSignal(int signal) {
  const int saved_errno = errno;
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  const int64_t now = time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec + 1;  // never 0
  int64_t first = 0;
  if (first_nanoseconds.compare_exchange_strong(first, now)) {
    stop_signal = signal;
  } else if (now - first >= kSecondSignalAfterNanoseconds) {
    _exit(kInterrupted);
  }
  errno = saved_errno;
}

}  // namespace

void InstallStopSignals() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  // Libraries do not expect their reads and writes to be interrupted.
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGTERM);
  sigaddset(&action.sa_mask, SIGINT);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

bool StopRequested() { return StopSignal() != 0; }

int StopSignal() { return stop_signal.load(std::memory_order_relaxed); }

}  // namespace baton
