#include "metadata/derive.h"

#include <algorithm>

#include "metadata/timestamp.h"

namespace baton {
namespace {

using google::protobuf::Timestamp;

bool Earlier(const Timestamp& a, const Timestamp& b) { return FromTimestamp(a) < FromTimestamp(b); }

void AddAttempt(const Attempt& attempt, RunSection& run) {
  if (attempt.has_start_time() && (!run.has_start_time() || Earlier(attempt.start_time(), run.start_time()))) {
    *run.mutable_start_time() = attempt.start_time();
  }
  if (attempt.has_end_time() && (!run.has_end_time() || Earlier(run.end_time(), attempt.end_time()))) {
    *run.mutable_end_time() = attempt.end_time();
  }
  if (attempt.has_wall_seconds()) run.set_time_taken(run.time_taken() + attempt.wall_seconds());
  if (attempt.has_peak_memory_bytes()) {
    run.set_memory_usage(std::max(run.memory_usage(), attempt.peak_memory_bytes()));
  }
  if (attempt.has_peak_gpu_memory_bytes()) {
    run.set_gpu_usage(std::max(run.gpu_usage(), attempt.peak_gpu_memory_bytes()));
  }
}

}  // namespace

void DeriveRun(Metadata& record) {
  RunSection& run = *record.mutable_run();
  run.clear_start_time();
  run.clear_end_time();
  run.clear_time_taken();
  run.clear_memory_usage();
  run.clear_gpu_usage();
  bool running = false;
  for (const StageRun* stage : {&record.load().stage(), &record.train().stage(), &record.evaluate().stage()}) {
    for (const Attempt& attempt : stage->attempts()) AddAttempt(attempt, run);
    running = running || stage->status() == StageRun::RUNNING;
  }
  if (running) run.clear_end_time();
}

}  // namespace baton
