#include "training/torch_setup.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/usage.h"

#include "third_party/torch_begin.h"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>

#include "third_party/torch_end.h"

namespace baton {

void MakeDeterministic() {
  // cuBLAS reads it when it is initialised. https://docs.nvidia.com/cuda/cublas/#results-reproducibility
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  at::globalContext().setDeterministicCuDNN(true);
  // Would write every new tensor once more, to make reads of uninitialised memory repeatable.
  at::globalContext().setDeterministicFillUninitializedMemory(false);
}

absl::StatusOr<at::Device> ChooseDevice(const std::string& name) {
  if (name == "cpu" || (name == "auto" && !at::hasCUDA())) return at::Device(at::kCPU);
  if (name == "cuda" && !at::hasCUDA()) {
    return absl::FailedPreconditionError(
        "train.device is \"cuda\", but no CUDA device can be used here (libtorch without CUDA, no driver, or no GPU); "
        "set it to \"cpu\" or \"auto\"");
  }
  if (name == "cuda" || name == "auto") return at::Device(at::kCUDA, 0);
  return absl::InvalidArgumentError(
      absl::StrCat("train.device is \"", name, "\"; expected \"cpu\", \"cuda\" or \"auto\""));
}

absl::StatusOr<std::unique_ptr<WorkerPool>> MakeWorkers(uint32_t workers, uint32_t micro_batches,
                                                        uint32_t threads_per_worker, at::Device device) {
  if (workers == 0) {
    workers = device.is_cpu() ? std::max<uint32_t>(1, AvailableCores() / std::max<uint32_t>(1, threads_per_worker)) : 1;
  }
  workers = std::clamp<uint32_t>(workers, 1, std::max<uint32_t>(1, micro_batches));
  return WorkerPool::Create(workers,
                            [threads_per_worker] { at::set_num_threads(static_cast<int>(threads_per_worker)); });
}

std::string LibtorchVersion() { return BATON_LIBTORCH_VERSION; }

std::string CpuCapability() { return at::get_cpu_capability(); }

std::string GpuModel(at::Device device) {
  if (device.is_cpu()) return "";
  // The driver's own file, so that no CUDA header is needed.
  std::error_code error;
  for (const auto& gpu : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", error)) {
    std::ifstream file(gpu.path() / "information");
    for (std::string line; std::getline(file, line);) {
      absl::string_view model = line;
      if (absl::ConsumePrefix(&model, "Model:")) return std::string(absl::StripAsciiWhitespace(model));
    }
  }
  return "unknown";
}

uint64_t PeakGpuMemory(at::Device device) {
  if (device.is_cpu()) return 0;
  const auto stats = at::accelerator::getDeviceStats(device.index());
  return stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)].peak;
}

}  // namespace baton
