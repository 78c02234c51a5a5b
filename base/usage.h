#ifndef BATON_BASE_USAGE_H_
#define BATON_BASE_USAGE_H_

#include <cstdint>
#include <string>

namespace baton {

// What this process has used since it started.
struct Usage {
  double cpu_seconds = 0;  // user and system, all threads
  uint64_t peak_memory_bytes = 0;
};
Usage ProcessUsage();

// "AMD EPYC 7B13", from /proc/cpuinfo; "unknown" where there is none.
std::string CpuModel();
std::string HostName();
// Cores that this process may run on (its affinity), at least 1.
int AvailableCores();
// The program's own file, absolute; empty if it cannot be told.
std::string ProgramPath();

}  // namespace baton

#endif  // BATON_BASE_USAGE_H_
