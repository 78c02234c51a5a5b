#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/progress.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "state/find_snapshot.h"
#include "state/inspect.pb.h"
#include "state/inspect_command.h"
#include "state/snapshot.h"
#include "state/tensor_statistics.h"

namespace baton {
namespace {

constexpr char kHelp[] =
    R"(Verifies every byte of a snapshot and shows what it holds: counters, losses, and each tensor of the model,
its average, the loss and the optimizer with type, shape, mean, standard deviation, norm, least and greatest
value, and how many values are NaN or infinite, which the other numbers leave out.

  inspect show runs/iris
  inspect show runs/iris/train/0123456789abcdef/step-000000001200
  inspect show runs/iris --format=json | jq '.history[-1].validation_loss'
  inspect show runs/iris --format=json | jq -r '.tensors[] | select(.nan_count != "0") | .name')";

TensorDescription Describe(const NamedTensor& named) {
  TensorDescription description;
  description.set_group(std::string(named.group));
  description.set_name(std::string(named.name));
  description.set_dtype(TensorTypeName(named.tensor));
  for (const int64_t size : named.tensor.sizes()) description.add_shape(size);
  const TensorStatistics statistics = ComputeStatistics(named.tensor);
  description.set_nan_count(statistics.nan_count);
  description.set_infinite_count(statistics.infinite_count);
  if (statistics.finite_count == 0) return description;
  description.set_mean(statistics.mean);
  description.set_standard_deviation(statistics.standard_deviation);
  description.set_norm(statistics.norm);
  description.set_minimum(statistics.minimum);
  description.set_maximum(statistics.maximum);
  return description;
}

absl::StatusOr<SnapshotDescription> DescribeSnapshot(FileSystem& fs, const std::string& path, const State& state,
                                                     const std::function<void(uint64_t)>& on_bytes) {
  ASSIGN_OR_RETURN(const SnapshotIndex index, ReadSnapshotIndex(fs, path));
  ASSIGN_OR_RETURN(uint64_t size_bytes, FileSize(fs, JoinPath(path, kSnapshotIndexFile)));
  SnapshotDescription description;
  description.set_path(path);
  *description.mutable_progress() = index.progress();
  *description.mutable_environment() = index.environment();
  for (const Measurement& measurement : state.history) *description.add_history() = measurement;
  const auto records = TensorsInFiles(index);
  for (const NamedTensor& named : AllTensors(state)) {
    TensorDescription& tensor = *description.add_tensors() = Describe(named);
    tensor.set_xxh3(records.at({GroupFile(tensor.group()), NameInFile(tensor.group(), tensor.name())})->xxh3());
    on_bytes(named.tensor.nbytes());
  }
  *description.mutable_files() = index.files();
  for (const FileRecord& file : index.files()) size_bytes += file.size_bytes();
  description.set_size_bytes(size_bytes);
  return description;
}

absl::Status ShowSnapshot(FileSystem& fs, const std::string& path, const InspectSnapshotOptions& options,
                          InspectSnapshotAnswer& answer) {
  ASSIGN_OR_RETURN(const uint64_t size, FolderSize(fs, path));
  Progress progress("show", "bytes", 2 * size);  // read, then looked at
  uint64_t bytes = 0;
  const auto on_bytes = [&](uint64_t done) { progress.Update(bytes += done, path); };
  ASSIGN_OR_RETURN(const State state, LoadSnapshot(fs, path, at::kCPU, on_bytes));
  if (options.format == "text") {
    absl::StrAppend(&answer.text, EscapeControl(path), " (verified)\n", PrettyPrint(state, on_bytes));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const SnapshotDescription description, DescribeSnapshot(fs, path, state, on_bytes));
  return Answer(options, description, "", answer);
}

absl::Status Show(FileSystem& fs, const InspectSnapshotOptions& options, InspectSnapshotAnswer& answer) {
  return UseSnapshot(fs, AbsolutePath(options.arguments[1], options.working_folder), options.train_key_of,
                     [&](const std::string& path) { return ShowSnapshot(fs, path, options, answer); });
}

}  // namespace

SnapshotCommand ShowSnapshotCommand() { return {.name = "show", .usage = "PATH", .help = kHelp, .run = Show}; }

}  // namespace baton
