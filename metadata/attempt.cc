#include "metadata/attempt.h"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/digest.h"
#include "base/usage.h"
#include "glog/logging.h"
#include "metadata/random_id.h"
#include "metadata/record_text.h"
#include "metadata/timestamp.h"

namespace baton {
namespace {

std::vector<std::string> CommandLine() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  // Every argument ends with a zero.
  if (bytes.empty()) return {};
  bytes.pop_back();
  return absl::StrSplit(bytes, '\0');
}

}  // namespace

AttemptClock::AttemptClock()
    : start_(absl::Now()),
      steady_start_(std::chrono::steady_clock::now()),
      cpu_seconds_before_(ProcessUsage().cpu_seconds) {}

void AttemptClock::Measure(const AttemptInfo& info, Attempt& attempt) const {
  const Usage usage = ProcessUsage();
  attempt.set_wall_seconds(std::chrono::duration<double>(std::chrono::steady_clock::now() - steady_start_).count());
  attempt.set_cpu_seconds(usage.cpu_seconds - cpu_seconds_before_);
  attempt.set_peak_memory_bytes(usage.peak_memory_bytes);
  if (info.peak_gpu_memory_bytes) attempt.set_peak_gpu_memory_bytes(info.peak_gpu_memory_bytes());
}

Attempt MakeAttempt(FileSystem& fs, const AttemptInfo& info, const AttemptClock& clock) {
  Attempt attempt;
  attempt.set_attempt_id(RandomHex(8));
  *attempt.mutable_start_time() = ToTimestamp(clock.start());
  attempt.set_host(ToUtf8(HostName()));
  attempt.set_pid(getpid());
  attempt.set_cpu_model(ToUtf8(CpuModel()));
  attempt.set_device(info.device);
  if (!info.gpu_model.empty()) attempt.set_gpu_model(info.gpu_model);
  if (!info.cpu_capability.empty()) attempt.set_cpu_capability(info.cpu_capability);
  attempt.set_workers(info.workers);
  attempt.set_threads_per_worker(info.threads_per_worker);
  attempt.set_program_version(info.program_version);
  attempt.mutable_libraries()->insert(info.libraries.begin(), info.libraries.end());
  if (info.resumed_from_step) attempt.set_resumed_from_step(*info.resumed_from_step);
  for (const std::string& argument : CommandLine()) attempt.add_command(ToUtf8(argument));
  // This link names the file that is running even if another stands under its name by now.
  const absl::StatusOr<FileDigest> program = DigestFile(fs, "/proc/self/exe", DigestKind::kSha256);
  if (program.ok()) {
    attempt.set_program_sha256(program->hex);
  } else {
    LOG(WARNING) << "the record will lack the program's digest: " << program.status().message();
  }
  clock.Measure(info, attempt);
  return attempt;
}

}  // namespace baton
