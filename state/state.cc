#include "state/state.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/human.h"
#include "base/message_difference.h"
#include "state/tensor_statistics.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/equal.h>

#include "third_party/torch_end.h"

namespace baton {

const FlatTensors* State::Find(absl::string_view group) const {
  const auto found =
      std::find_if(groups.begin(), groups.end(), [group](const TensorGroup& g) { return g.name == group; });
  return found == groups.end() ? nullptr : &found->tensors;
}

const FlatTensors& State::model() const {
  static const FlatTensors& none = *new FlatTensors();
  const FlatTensors* const model = Find(kModelGroup);
  return model != nullptr ? *model : none;
}

const FlatTensors& State::weights() const {
  const FlatTensors* const average = Find(kAverageGroup);
  return average != nullptr ? *average : model();
}

const FlatTensors* State::weights_buffers() const {
  const FlatTensors* const average = Find(kAverageBuffersGroup);
  return average != nullptr ? average : buffers();
}

at::Device State::device() const {
  const at::Tensor& flat = model().flat();
  return flat.defined() ? flat.device() : at::Device(at::kCPU);
}

State State::CopyTo(at::Device device) const {
  State copy = *this;
  for (TensorGroup& group : copy.groups) group.tensors = group.tensors.CopyTo(device);
  return copy;
}

GroupLayouts LayoutsOf(const State& state) {
  GroupLayouts layouts;
  for (const TensorGroup& group : state.groups) layouts.emplace_back(group.name, group.tensors.shared_layout());
  return layouts;
}

std::vector<NamedTensor> AllTensors(const State& state) {
  std::vector<NamedTensor> all;
  for (const TensorGroup& group : state.groups) {
    for (size_t i = 0; i < group.tensors.views().size(); ++i) {
      all.push_back({group.name, group.tensors.layout().entries[i].name, group.tensors.views()[i]});
    }
  }
  return all;
}

namespace {

bool SameBits(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor left = a.cpu().contiguous();
  const at::Tensor right = b.cpu().contiguous();
  return left.nbytes() == right.nbytes() &&
         std::memcmp(left.const_data_ptr(), right.const_data_ptr(), left.nbytes()) == 0;
}

bool SameValues(const at::Tensor& a, const at::Tensor& b) { return at::equal(a.cpu(), b.cpu()); }

std::string DescribeValues(const at::Tensor& a, const at::Tensor& b) {
  const ElementDifferences differences = CompareElements(a, b);
  return absl::StrCat(differences.differing, " of ", a.numel(), " values differ, by at most ", differences.largest);
}

// Appends a line for each tensor of the group that differs under `same`. Null: there is no such group.
void CompareGroup(absl::string_view group, const FlatTensors* a, const FlatTensors* b,
                  bool (*same)(const at::Tensor&, const at::Tensor&), std::vector<std::string>& lines) {
  static const FlatTensors& none = *new FlatTensors();
  if (a == nullptr) a = &none;
  if (b == nullptr) b = &none;
  std::map<absl::string_view, const at::Tensor*> rest;
  for (size_t i = 0; i < b->views().size(); ++i) rest[b->layout().entries[i].name] = &b->views()[i];
  for (size_t i = 0; i < a->views().size(); ++i) {
    const std::string what = absl::StrCat(group, " ", a->layout().entries[i].name, ": ");
    const at::Tensor& left = a->views()[i];
    const auto found = rest.extract(a->layout().entries[i].name);
    if (found.empty()) {
      lines.push_back(absl::StrCat(what, "only in the first"));
      continue;
    }
    const at::Tensor& right = *found.mapped();
    if (left.sizes() != right.sizes()) {
      lines.push_back(absl::StrCat(what, TensorTypeAndShape(left), " against ", TensorTypeAndShape(right)));
    } else if (!same(left, right)) {
      lines.push_back(absl::StrCat(what, DescribeValues(left, right)));
    }
  }
  for (const FlatLayout::Entry& entry : b->layout().entries) {
    if (rest.contains(entry.name)) lines.push_back(absl::StrCat(group, " ", entry.name, ": only in the second"));
  }
}

void CompareBytes(absl::string_view name, const std::string& a, const std::string& b, std::vector<std::string>& lines) {
  if (a != b) lines.push_back(absl::StrCat(name, ": the bytes differ (", a.size(), " against ", b.size(), ")"));
}

// The first stands for all: many may differ.
void AppendFirst(absl::string_view what, const std::vector<MessageFieldDifference>& fields,
                 std::vector<std::string>& lines) {
  if (fields.empty()) return;
  lines.push_back(absl::StrCat(what, fields[0].field, ": ", fields[0].a.value_or("absent"), " -> ",
                               fields[0].b.value_or("absent")));
}

}  // namespace

std::vector<std::string> CompareModels(const State& a, const State& b) {
  std::vector<std::string> lines;
  for (const char* const group : {kModelGroup, kBuffersGroup}) {
    CompareGroup(group, a.Find(group), b.Find(group), SameValues, lines);
  }
  return lines;
}

bool operator==(const State& a, const State& b) { return CompareModels(a, b).empty(); }

std::vector<std::string> Differences(const State& a, const State& b) {
  std::vector<std::string> lines;
  for (const TensorGroup& group : a.groups) {
    CompareGroup(group.name, &group.tensors, b.Find(group.name), SameBits, lines);
  }
  for (const TensorGroup& group : b.groups) {
    if (a.Find(group.name) == nullptr) CompareGroup(group.name, nullptr, &group.tensors, SameBits, lines);
  }
  AppendFirst("progress: ", DifferentFields(a.progress, b.progress), lines);
  AppendFirst("", DifferentMeasurements(a.history, b.history, /*most=*/1), lines);
  CompareBytes("vocabulary", a.vocabulary, b.vocabulary, lines);
  CompareBytes("tokenizer", a.tokenizer, b.tokenizer, lines);
  std::set<std::string> names;
  for (const State* const state : {&a, &b}) {
    for (const auto& [name, bytes] : state->attachments) names.insert(name);
  }
  for (const std::string& name : names) {
    const auto left = a.attachments.find(name);
    const auto right = b.attachments.find(name);
    if (left == a.attachments.end() || right == b.attachments.end()) {
      lines.push_back(absl::StrCat(name, ": only in the ", right == b.attachments.end() ? "first" : "second"));
    } else {
      CompareBytes(name, left->second, right->second, lines);
    }
  }
  return lines;
}

bool Identical(const State& a, const State& b) { return Differences(a, b).empty(); }

namespace {

using OnBytes = std::function<void(uint64_t)>;

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

void AppendGroup(const TensorGroup& group, const OnBytes& on_bytes, std::string& text) {
  absl::StrAppend(&text, group.name, ": ", group.tensors.layout().parameter_count,
                  group.name == kModelGroup ? " parameters\n" : " values\n");
  std::vector<std::vector<std::string>> rows = {{"name", "type", "shape", "mean", "std", "norm", "min", "max"}};
  for (size_t i = 0; i < group.tensors.views().size(); ++i) {
    rows.push_back(RowOf(group.tensors.layout().entries[i].name, group.tensors.views()[i], on_bytes));
  }
  absl::StrAppend(&text, AlignColumns(rows, /*indent=*/2, /*first_right=*/3));
}

}  // namespace

std::string PrettyPrint(const State& state, const OnBytes& on_bytes) {
  const TrainingProgress& progress = state.progress;
  std::string text =
      absl::StrCat("step ", progress.step_index(), ", epoch ", progress.epoch_index(), ", batch ",
                   progress.train_batch_index(), " of the epoch, ", progress.examples(), " examples seen\n");
  if (progress.has_best()) {
    absl::StrAppendFormat(&text, "best validation loss %.6g at step %d, epoch %d\n", progress.best().validation_loss(),
                          progress.best().step_index(), progress.best().epoch_index());
  }
  if (!state.history.empty()) {
    const Measurement& last = state.history.back();
    absl::StrAppendFormat(&text, "last measured at step %d: train loss %.6g", last.step_index(), last.train_loss());
    if (last.has_validation_loss()) absl::StrAppendFormat(&text, ", validation loss %.6g", last.validation_loss());
    absl::StrAppend(&text, "\n");
  }
  if (progress.stopped_early()) absl::StrAppend(&text, "stopped early\n");
  absl::StrAppend(&text, "train key ", progress.train_key(), ", ", progress.micro_batches(), " micro-batches, ",
                  progress.threads_per_worker(), " threads a worker\n");
  absl::StrAppend(&text, "written on ", state.environment.device(), " (", state.environment.cpu_model(), "), libtorch ",
                  state.environment.libtorch_version(), "\n");
  for (const TensorGroup& group : state.groups) AppendGroup(group, on_bytes, text);
  if (!state.vocabulary.empty()) absl::StrAppend(&text, "vocabulary: ", state.vocabulary.size(), " bytes\n");
  if (!state.tokenizer.empty()) absl::StrAppend(&text, "tokenizer: ", state.tokenizer.size(), " bytes\n");
  for (const auto& [name, bytes] : state.attachments) absl::StrAppend(&text, name, ": ", bytes.size(), " bytes\n");
  return text;
}

}  // namespace baton
