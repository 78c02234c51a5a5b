#ifndef BATON_METADATA_ATTEMPT_H_
#define BATON_METADATA_ATTEMPT_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "base/file_system.h"
#include "metadata/metadata.pb.h"

namespace baton {

// What a stage says of the process that it runs in, beside what every process can tell by itself.
struct AttemptInfo {
  std::string program_version = "";
  std::string device = "cpu";  // or "cuda"
  std::string gpu_model = "";  // empty on a CPU
  // Instructions that the kernels of libtorch use, e.g. "AVX2"; empty without it.
  std::string cpu_capability = "";
  uint32_t workers = 1;
  uint32_t threads_per_worker = 1;
  // Name to version.
  std::map<std::string, std::string> libraries = {};
  std::optional<uint64_t> resumed_from_step = std::nullopt;
  // Peak GPU memory of this process so far, in bytes; null on a CPU. Called at every commit, on any thread.
  std::function<uint64_t()> peak_gpu_memory_bytes = nullptr;
};

// Measures what an attempt uses, from its construction on. Thread-safe.
class AttemptClock {
 public:
  AttemptClock();

  absl::Time start() const { return start_; }
  // Sets wall_seconds, cpu_seconds and the peaks of `attempt` to those so far.
  void Measure(const AttemptInfo& info, Attempt& attempt) const;

 private:
  const absl::Time start_;
  const std::chrono::steady_clock::time_point steady_start_;
  const double cpu_seconds_before_;
};

// A new attempt of this process: a random id, host, pid, CPU model, command, the digest of the program's file, and what
// `info` says. What cannot be told stays absent.
Attempt MakeAttempt(FileSystem& fs, const AttemptInfo& info, const AttemptClock& clock);

}  // namespace baton

#endif  // BATON_METADATA_ATTEMPT_H_
