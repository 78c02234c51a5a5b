#ifndef BATON_TRAINING_TORCH_SETUP_H_
#define BATON_TRAINING_TORCH_SETUP_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/worker_pool.h"

#include "third_party/torch_begin.h"

#include <c10/core/Device.h>

#include "third_party/torch_end.h"

namespace baton {

// Makes libtorch deterministic in this process. Call before anything touches a device.
void MakeDeterministic();

// "cpu", "cuda", or "auto" for cuda where there is one. FailedPrecondition if cuda is asked for and there is none.
absl::StatusOr<at::Device> ChooseDevice(const std::string& name);

// Threads that compute: `workers` (0: as many as there are cores, at most `micro-batches`; 1 on a GPU), each with
// `threads_per_worker` intra-op threads. Aborted if the system gives no more.
absl::StatusOr<std::unique_ptr<WorkerPool>> MakeWorkers(uint32_t workers, uint32_t micro_batches,
                                                        uint32_t threads_per_worker, at::Device device);

// "2.13.0".
std::string LibtorchVersion();
// Instructions that its kernels use on this CPU, e.g. "AVX2"; the bits depend on them.
std::string CpuCapability();
// Name of the GPU; empty for a CPU.
std::string GpuModel(at::Device device);
// Largest memory that was in use on the GPU, in bytes; 0 for a CPU.
uint64_t PeakGpuMemory(at::Device device);

}  // namespace baton

#endif  // BATON_TRAINING_TORCH_SETUP_H_
