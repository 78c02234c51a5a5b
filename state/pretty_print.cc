#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/human.h"
#include "state/state.h"
#include "state/tensor_statistics.h"

namespace baton {
namespace {

using OnBytes = std::function<void(uint64_t)>;
using Rows = std::vector<std::vector<std::string>>;

std::string Number(double number) { return absl::StrFormat("%+.3e", number); }

std::vector<std::string> RowOf(const std::string& name, const at::Tensor& tensor, const OnBytes& on_bytes) {
  const TensorStatistics statistics = ComputeStatistics(tensor);
  if (on_bytes) on_bytes(tensor.nbytes());
  return {name,
          TensorTypeName(tensor),
          absl::StrCat("[", absl::StrJoin(tensor.sizes(), ", "), "]"),
          Number(statistics.mean),
          absl::StrFormat("%.3e", statistics.standard_deviation),
          absl::StrFormat("%.3e", statistics.norm),
          Number(statistics.minimum),
          Number(statistics.maximum),
          statistics.nan_count > 0 ? absl::StrCat(statistics.nan_count, " NaN") : "",
          statistics.infinite_count > 0 ? absl::StrCat(statistics.infinite_count, " infinite") : ""};
}

void AppendTable(Rows rows, std::string& text) {
  rows.insert(rows.begin(), {"name", "type", "shape", "mean", "std", "norm", "min", "max"});
  absl::StrAppend(&text, AlignColumns(rows, /*indent=*/2, /*first_right=*/3));
}

void AppendTensors(const FlatTensors& tensors, const OnBytes& on_bytes, std::string& text) {
  Rows rows;
  for (size_t i = 0; i < tensors.views().size(); ++i) {
    rows.push_back(RowOf(tensors.layout().entries[i].name, tensors.views()[i], on_bytes));
  }
  AppendTable(std::move(rows), text);
}

}  // namespace

std::string PrettyPrint(const State& state, const OnBytes& on_bytes) {
  const TrainingProgress& progress = state.progress;
  std::string text = absl::StrCat("step ", progress.step_index(), ", epoch ", progress.epoch_index(), ", batch ",
                                  progress.train_batch_index(), " of the epoch\n");
  if (progress.has_best()) {
    absl::StrAppendFormat(&text, "best validation loss %.6g after epoch %d, step %d\n",
                          progress.best().validation_loss(), progress.best().epoch_index() + 1,
                          progress.best().step_index());
  }
  if (progress.history_size() > 0) {
    const EpochHistory& last = progress.history(progress.history_size() - 1);
    absl::StrAppendFormat(&text, "last epoch: train loss %.6g", last.train_loss());
    if (last.has_validation_loss()) absl::StrAppendFormat(&text, ", validation loss %.6g", last.validation_loss());
    absl::StrAppend(&text, "\n");
  }
  if (progress.stopped_early()) absl::StrAppend(&text, "stopped early\n");
  absl::StrAppend(&text, "train key ", progress.train_key(), ", ", progress.micro_batches(), " micro-batches, ",
                  progress.threads_per_worker(), " threads a worker\n");
  absl::StrAppend(&text, "written on ", state.environment.device(), " (", state.environment.cpu_model(), "), libtorch ",
                  state.environment.libtorch_version(), "\n");
  absl::StrAppend(&text, "model: ", state.model.layout().parameter_count, " parameters\n");
  AppendTensors(state.model, on_bytes, text);
  if (state.ema.has_value()) {
    absl::StrAppend(&text, "moving average of the model:\n");
    AppendTensors(*state.ema, on_bytes, text);
  }
  if (!state.criterion.empty()) {
    absl::StrAppend(&text, "criterion:\n");
    Rows rows;
    for (const auto& [name, tensor] : state.criterion) rows.push_back(RowOf(name, tensor, on_bytes));
    AppendTable(std::move(rows), text);
  }
  for (const auto& [slot, tensors] : state.optimizer) {
    absl::StrAppend(&text, "optimizer ", slot, ":\n");
    AppendTensors(tensors, on_bytes, text);
  }
  if (!state.vocabulary.empty()) absl::StrAppend(&text, "vocabulary: ", state.vocabulary.size(), " bytes\n");
  if (!state.tokenizer.empty()) absl::StrAppend(&text, "tokenizer: ", state.tokenizer.size(), " bytes\n");
  for (const auto& [name, bytes] : state.attachments) absl::StrAppend(&text, name, ": ", bytes.size(), " bytes\n");
  return text;
}

}  // namespace baton
