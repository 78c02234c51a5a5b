#include "pipeline/train/attempt_info.h"

#include "base/version.h"
#include "training/torch_setup.h"

namespace baton {

AttemptInfo ComputingAttempt(const WorkerPool& pool, uint32_t threads_per_worker, at::Device device) {
  AttemptInfo info;
  info.program_version = kVersion;
  info.device = device.is_cpu() ? "cpu" : "cuda";
  info.gpu_model = GpuModel(device);
  info.cpu_capability = CpuCapability();
  info.workers = pool.size();
  info.threads_per_worker = threads_per_worker;
  info.libraries["libtorch"] = LibtorchVersion();
  if (!device.is_cpu()) info.peak_gpu_memory_bytes = [device] { return PeakGpuMemory(device); };
  return info;
}

}  // namespace baton
