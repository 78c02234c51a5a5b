#include "training/environment.h"

#include "absl/strings/str_cat.h"
#include "base/usage.h"
#include "base/version.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "training/torch_setup.h"

namespace baton {

Environment CurrentEnvironment(at::Device device) {
  Environment environment;
  environment.set_device(device.is_cpu() ? "cpu" : "cuda");
  environment.set_cpu_model(CpuModel());
  environment.set_cpu_capability(CpuCapability());
  if (const std::string gpu = GpuModel(device); !gpu.empty()) environment.set_gpu_model(gpu);
  environment.set_libtorch_version(LibtorchVersion());
  environment.set_program_version(kVersion);
  return environment;
}

std::vector<std::array<std::string, 3>> EnvironmentDifferences(const Environment& before, const Environment& now) {
  std::vector<std::array<std::string, 3>> differences;
  const google::protobuf::Descriptor& descriptor = *Environment::descriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = descriptor.field(i);
    const std::string old_value = before.GetReflection()->GetString(before, field);
    const std::string new_value = now.GetReflection()->GetString(now, field);
    if (old_value != new_value) differences.push_back({field->name(), old_value, new_value});
  }
  return differences;
}

absl::Status CheckEnvironment(const TrainConfig& config, const Environment& before, const Environment& now) {
  const auto differences = EnvironmentDifferences(before, now);
  if (!config.strict_environment() || differences.empty()) return absl::OkStatus();
  std::string lines;
  for (const auto& [name, old_value, new_value] : differences) {
    absl::StrAppend(&lines, "\n  ", name, ": ", old_value, " -> ", new_value);
  }
  return absl::FailedPreconditionError(
      absl::StrCat("train.strict_environment is set, and this is not the environment in which training stopped:", lines,
                   "\nGo on where it was, or set train.strict_environment=false: the difference is then recorded"));
}

}  // namespace baton
