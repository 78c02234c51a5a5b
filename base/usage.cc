#include "base/usage.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <climits>
#include <fstream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace baton {
namespace {

// The text behind "NAME:" in a file of such lines, as in /proc; empty if there is none.
std::string ProcField(const char* path, absl::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, name)) continue;
    rest = absl::StripLeadingAsciiWhitespace(rest);
    if (absl::ConsumePrefix(&rest, ":")) return std::string(absl::StripAsciiWhitespace(rest));
  }
  return "";
}

}  // namespace

Usage ProcessUsage() {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  Usage result;
  result.cpu_seconds = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                       static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
  // Not ru_maxrss, which a program takes over from the one that was executed before it in its process.
  const std::string peak = ProcField("/proc/self/status", "VmHWM");
  uint64_t kibibytes;
  if (absl::SimpleAtoi(absl::StripSuffix(peak, " kB"), &kibibytes)) {
    result.peak_memory_bytes = kibibytes * 1024;
  } else {
    result.peak_memory_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
  }
  return result;
}

std::string CpuModel() {
  const std::string model = ProcField("/proc/cpuinfo", "model name");
  return model.empty() ? "unknown" : model;
}

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = {};
  if (gethostname(name, HOST_NAME_MAX) != 0) return "unknown";
  return name;
}

int AvailableCores() {
  // The kernel refuses a set that is smaller than its own.
  for (int cores = CPU_SETSIZE; cores <= 1 << 20; cores *= 2) {
    cpu_set_t* const set = CPU_ALLOC(cores);
    const size_t size = CPU_ALLOC_SIZE(cores);
    const bool known = sched_getaffinity(0, size, set) == 0;
    const int count = known ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (known) return count;
  }
  return 1;
}

std::string ProgramPath() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof(path));
  if (size <= 0 || size == sizeof(path)) return "";
  // What the kernel says of a program whose file was removed or replaced since.
  if (absl::EndsWith(absl::string_view(path, size), " (deleted)")) return "";
  return std::string(path, size);
}

}  // namespace baton
