#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "state/state.h"

namespace baton {
namespace {

void AppendTensor(absl::string_view name, const at::Tensor& tensor, std::string& text) {
  const at::Tensor values = tensor.cpu().to(at::kDouble).flatten();
  const double mean = values.numel() == 0 ? 0 : values.mean().item<double>();
  const double variance = values.numel() == 0 ? 0 : values.sub(mean).square().mean().item<double>();
  absl::StrAppendFormat(&text, "  %-32s %-14s mean %+.3e  std %.3e  norm %.3e", std::string(name),
                        absl::StrCat("[", absl::StrJoin(tensor.sizes(), ", "), "]"), mean, std::sqrt(variance),
                        std::sqrt(values.square().sum().item<double>()));
  const int64_t nan = values.isnan().sum().item<int64_t>();
  if (nan > 0) absl::StrAppend(&text, "  ", nan, " NaN");
  absl::StrAppend(&text, "\n");
}

void AppendTensors(const FlatTensors& tensors, std::string& text) {
  for (size_t i = 0; i < tensors.views().size(); ++i) {
    AppendTensor(tensors.layout().entries[i].name, tensors.views()[i], text);
  }
}

}  // namespace

std::string PrettyPrint(const State& state) {
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
  absl::StrAppend(&text, "train key ", progress.train_key(), ", ", progress.gradient_shards(), " gradient shards, ",
                  progress.threads_per_worker(), " threads a worker\n");
  absl::StrAppend(&text, "written on ", state.environment.device(), " (", state.environment.cpu_model(), "), libtorch ",
                  state.environment.libtorch_version(), "\n");
  absl::StrAppend(&text, "model: ", state.model.layout().parameter_count, " parameters\n");
  AppendTensors(state.model, text);
  if (state.ema.has_value()) {
    absl::StrAppend(&text, "moving average of the model:\n");
    AppendTensors(*state.ema, text);
  }
  for (const auto& [name, tensor] : state.criterion) {
    absl::StrAppend(&text, "criterion:\n");
    AppendTensor(name, tensor, text);
  }
  for (const auto& [slot, tensors] : state.optimizer) {
    absl::StrAppend(&text, "optimizer ", slot, ":\n");
    AppendTensors(tensors, text);
  }
  if (!state.vocabulary.empty()) absl::StrAppend(&text, "vocabulary: ", state.vocabulary.size(), " bytes\n");
  if (!state.tokenizer.empty()) absl::StrAppend(&text, "tokenizer: ", state.tokenizer.size(), " bytes\n");
  for (const auto& [name, bytes] : state.attachments) absl::StrAppend(&text, name, ": ", bytes.size(), " bytes\n");
  return text;
}

}  // namespace baton
